// The chat without reloading, and a quick way out. The same page works without this file, as it does in a browser that is too old for it.
'use strict';
(() => {
  const QUICK = 1500; // milliseconds in which Shift is pressed three times
  const SHOW_WAITING = 200; // milliseconds: an answer that comes sooner needs no dots
  const PATIENCE = 20000; // milliseconds after which no answer is expected any more
  const SECOND_CLICK = 400; // milliseconds in which a double click would hit a button that has only just come up

  // --- The way out: nothing stays in view, nor in the history

  const exit = document.querySelector('.weg');
  let shifts = [];

  const leave = (event) => {
    if (event) event.preventDefault();
    document.body.textContent = '';
    location.replace(exit.href);
  };
  exit.addEventListener('click', leave);
  document.addEventListener('keydown', (event) => {
    if (event.repeat) return;
    shifts = event.key === 'Shift' ? shifts.concat(event.timeStamp).slice(-3) : []; // capital letters are no way out
    if (shifts.length === 3 && shifts[2] - shifts[0] <= QUICK) leave();
  });
  // Browsers can keep a page that was left, to show it again as it was: they get an empty one, and begin anew.
  addEventListener('pagehide', (event) => {
    if (event.persisted) document.body.textContent = '';
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });

  // --- The chat

  const form = document.getElementById('gesprek');
  if (!form || !window.fetch || !window.DOMParser || !window.URLSearchParams || !window.crypto) return;
  const { id, turn, token, text: field } = form.elements;
  const log = document.querySelector('.gesprek');
  const waiting = document.getElementById('wacht');
  const problem = document.getElementById('melder');
  const pointer = matchMedia('(pointer: fine)').matches;
  let busy = false;
  let lost = ''; // what was sent without an answer: sent again, it keeps its id
  let answered = -SECOND_CLICK;

  const post = async (button) => {
    const body = new URLSearchParams();
    for (const input of [token, id, turn, field]) body.append(input.name, input.value);
    if (button.name) {
      body.append(button.name, button.value);
      body.append('op:' + button.value, button.textContent);
    }
    const answer = await fetch(form.getAttribute('action'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: body.toString(),
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
    });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html'); // runs and loads nothing
    return answer.status < 500 && page.querySelector('main') ? page : null;
  };

  const tooLate = () => new Promise((resolve) => setTimeout(resolve, PATIENCE, null));

  // Down to the text field, but never past the beginning of what is new.
  const reveal = (start, end) => {
    const header = document.querySelector('header').offsetHeight;
    const height = (window.visualViewport || { height: innerHeight }).height;
    scrollBy(0, Math.min(start.getBoundingClientRect().top - header - 10, end.getBoundingClientRect().bottom - height + 10));
  };

  // All nodes of a part of another page, to be put here at once: a screen reader then says them once.
  const taken = (part) => {
    const fragment = document.createDocumentFragment();
    const copy = document.importNode(part, true);
    while (copy.firstChild) fragment.appendChild(copy.firstChild);
    return fragment;
  };

  const showWaiting = (said) => {
    const own = waiting.querySelector('.jij');
    own.textContent = said;
    own.hidden = !said.trim();
    field.value = '';
    waiting.hidden = false;
    reveal(waiting, waiting);
  };

  const showAnswer = (page) => {
    answered = Date.now();
    const said = page.querySelector('.gesprek');
    if (said.hasAttribute('data-wist')) log.textContent = '';
    for (const old of document.querySelectorAll('.gesprek .keuzes, .klein')) old.remove();
    const last = document.getElementById('vraag');
    if (last) last.removeAttribute('id');
    const fragment = taken(said);
    const start = fragment.querySelector('.hulp') || fragment.querySelector('.bericht:not(.jij)') || fragment.querySelector('.bericht');
    log.appendChild(fragment);

    const next = page.getElementById('gesprek').elements;
    for (const input of [id, turn, field]) input.value = next[input.name].value;
    form.querySelector('label').textContent = page.querySelector('label').textContent;
    let choices = page.getElementById('keuzes');
    if (choices) {
      choices = document.importNode(choices, true);
      document.getElementById('keuzes').replaceWith(choices);
    }
    // Never to a message: a screen reader would say it a second time.
    const target = next.text.autofocus ? field : choices && choices.firstElementChild ? choices : form;
    if (target !== field) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    if (start) reveal(start, form);
  };

  const showProblem = (part, button) => {
    problem.appendChild(part);
    const again = problem.querySelector('button');
    if (again) {
      again.addEventListener('click', () => press(button));
      again.focus({ preventScroll: true });
    }
    reveal(problem, form);
  };

  const press = async (button) => {
    if (busy) return;
    busy = true;
    const typed = field.value;
    const what = button.name ? button.value : '\n' + typed;
    if (lost && lost !== what) id.value = Array.from(crypto.getRandomValues(new Uint8Array(12))).join('.');
    problem.textContent = '';
    field.readOnly = true;
    const timer = setTimeout(showWaiting, SHOW_WAITING, button.name ? button.textContent : typed);
    const page = await Promise.race([post(button), tooLate()]).catch(() => null);
    clearTimeout(timer);
    waiting.hidden = true;
    field.readOnly = false;
    field.value = typed;
    busy = false;
    lost = page ? '' : what;
    if (!page) showProblem(document.importNode(document.getElementById('geen-antwoord').content, true), button);
    else if (page.querySelector('.gesprek')) showAnswer(page);
    else showProblem(taken(page.querySelector('main')));
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button || button.form !== form) return;
    event.preventDefault();
    if (!event.detail || Date.now() - answered > SECOND_CLICK) press(button); // keys have no detail
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !pointer) return; // on a phone it is a new line
    event.preventDefault();
    if (field.value.trim()) press(form.querySelector('.stuur'));
  });
  const hint = document.querySelector('.klein span'); // about the Shift key
  if (hint) hint.hidden = !pointer;
})();
