// Asks before something is done that cannot be taken back.

/** Resolves to whether the user agrees. Escape says no; the focus returns to where it was. */
export function confirmed(question, verb) {
  const dialog = document.createElement('dialog');
  const text = document.createElement('p');
  text.id = 'question';
  text.textContent = question;
  const form = document.createElement('form');
  form.method = 'dialog';
  form.append(button('No', ''), button(verb, 'yes'));
  dialog.setAttribute('aria-labelledby', 'question');
  dialog.append(text, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise(resolve =>
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    }));
}

function button(text, value) {
  const made = document.createElement('button');
  made.textContent = text;
  made.value = value;
  made.className = value ? 'strong' : '';
  return made;
}
