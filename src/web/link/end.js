// Tells the page that opened this window that the step is over, and closes the window.
const { origin, connection } = document.currentScript.dataset;
window.opener?.postMessage({ type: "tributary.link.ended", connectionId: connection }, origin);
window.close();
