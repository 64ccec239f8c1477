// The only script of the site: has the browser ask for a security key, and sends what the key
// answers with the form. Loaded where a key is asked, and nowhere else; everything but keys
// works without it.
"use strict";

(() => {
  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const toText = (bytes) =>
    btoa(Array.from(new Uint8Array(bytes), (each) => String.fromCharCode(each)).join(""))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (keys = []) => keys.map((each) => ({ ...each, id: toBytes(each.id) }));

  async function questionOf(form) {
    const answer = await fetch(form.dataset.keyQuestion, {
      method: "POST",
      body: new URLSearchParams({ csrf_token: form.elements.csrf_token.value }),
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const asked = await answer.json();
    asked.challenge = toBytes(asked.challenge);
    return asked;
  }

  async function made(form) {
    const asked = await questionOf(form);
    asked.user.id = toBytes(asked.user.id);
    asked.excludeCredentials = known(asked.excludeCredentials);
    const key = await navigator.credentials.create({ publicKey: asked });
    return [key, ["clientDataJSON", "attestationObject"]];
  }

  async function signed(form) {
    const asked = await questionOf(form);
    asked.allowCredentials = known(asked.allowCredentials);
    const key = await navigator.credentials.get({ publicKey: asked });
    return [key, ["clientDataJSON", "authenticatorData", "signature"]];
  }

  async function answerOf(form) {
    const [key, parts] = await (form.dataset.key === "new" ? made(form) : signed(form));
    const response = Object.fromEntries(parts.map((part) => [part, toText(key.response[part])]));
    return JSON.stringify({ id: key.id, rawId: toText(key.rawId), type: key.type, response });
  }

  function why(error) {
    if (error.name === "NotAllowedError" || error.name === "AbortError") return "cancelled";
    return error.name === "InvalidStateError" ? "known" : "failed";
  }

  function prepare(form) {
    const { answer } = form.elements;
    const said = form.querySelector("[data-key-said]");
    let waits = false;
    form.querySelectorAll("[data-key-with]").forEach((each) => { each.hidden = false; });
    form.querySelectorAll("[data-key-without]").forEach((each) => { each.hidden = true; });
    // A page that is come back to may still hold an answer, which has served.
    addEventListener("pageshow", () => { answer.value = ""; });

    form.addEventListener("submit", async (event) => {
      const code = form.elements.code;
      if (answer.value || (code && code.value.trim())) return;
      event.preventDefault();
      if (waits) return;
      waits = true;
      said.textContent = "";
      try {
        answer.value = await answerOf(form);
      } catch (error) {
        said.textContent = said.dataset[why(error)];
        return;
      } finally {
        waits = false;
      }
      const other = event.submitter && event.submitter.getAttribute("formaction");
      if (other) form.action = other;
      form.submit();
    });
  }

  if (window.PublicKeyCredential) document.querySelectorAll("form[data-key]").forEach(prepare);
})();
