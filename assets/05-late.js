// Scripts that only some pages need come when the first of these shows what they draw.
(() => {
  const assets = document.currentScript.src.replace(/[^/]*$/, "");

  // Dash asks for plotly.js where this says; it sets an address of its own, which is never meant.
  Object.defineProperty(window, "_dashPlotlyJSURL", {
    get: () => `${assets}plotly/plotly-strict.min.js`,
    set: () => {},
  });

  // The tables: a component that loads the real one, and stays in its place as Dash looks it up.
  let library = null;
  let coming = null;
  function load() {
    coming ||= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = document.querySelector("meta[name=late-grid]").content;
      script.onload = () => resolve(library);
      script.onerror = () => {
        coming = null;
        reject(new Error("The table could not be loaded: reload the page."));
      };
      document.head.append(script);
    });
    return coming;
  }

  const { createElement, lazy, Suspense } = window.React;
  let ready = null;
  let isReady = false;
  const Real = lazy(() => load().then((found) => ({ default: found.AgGrid })));
  function AgGrid(props) {
    return createElement(Suspense, { fallback: null }, createElement(Real, props));
  }
  AgGrid.dashRenderType = true;
  // Callbacks wait for what a component says here, as for those of Dash that come late.
  Object.defineProperty(AgGrid, "_dashprivate_isLazyComponentReady", {
    get: () => {
      ready ||= load().then(() => new Promise((resolve) => setTimeout(resolve))).then(() => {
        isReady = true;
      });
      return isReady || ready;
    },
  });
  const late = {
    AgGrid,
    getApi: (id) => library?.getApi(id),
    getApiAsync: (id) => load().then((found) => found.getApiAsync(id)),
  };
  Object.defineProperty(window, "dash_ag_grid", {
    get: () => late,
    set: (found) => {
      library = found;
    },
  });
})();
