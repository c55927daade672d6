// Cloudscape 3.0.1383 gives the <nav> of its narrow toolbar an aria-orientation, which a navigation
// may not have: axe finds it, and a screen reader may stumble. Taken away whenever it appears.
export function repairMarkup(): () => void {
  const repair = () => {
    for (const nav of document.querySelectorAll('nav[aria-orientation]')) nav.removeAttribute('aria-orientation');
  };
  const observer = new MutationObserver(repair);
  observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-orientation'] });
  repair();
  return () => observer.disconnect();
}
