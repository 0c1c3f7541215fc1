"use strict";

const page = document.getElementById("swagger-ui");

SwaggerUIBundle({
  url: page.dataset.url,
  domNode: page,
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null, // no document leaves this machine
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
