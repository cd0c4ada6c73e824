//! The portal's files, as they were built: compressed forms where the browser takes them, long caching for hashed names.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::App;

/// What the portal's pages may load: their own files, and the one inline style of the component library, by its hash.
const POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='; img-src 'self' data:; connect-src 'self'; \
     font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";
/// The same for the API's reference: its library writes HTML and style attributes by script, and its own pictures.
const REFERENCE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What has an address of its own.
const PAGES: [&str; 2] = ["index.html", "docs.html"];
/// What is answered by a binary that was built without the portal.
const MISSING: &str = "<!doctype html><html lang=en><title>Tributary</title><h1>The portal is not in this binary</h1>\
     <p>It was built without Node. <code>make build</code> builds both. The API is at this origin, and \
     <a href=\"/openapi.json\">its OpenAPI document</a> describes it.</p></html>";

/// The portal's one page.
pub async fn index(State(app): State<App>, headers: HeaderMap) -> Response {
    page(&app, "index.html", POLICY, &headers)
}

/// The API's reference.
pub async fn reference(State(app): State<App>, headers: HeaderMap) -> Response {
    page(&app, "docs.html", REFERENCE_POLICY, &headers)
}

fn page(app: &App, path: &str, policy: &'static str, headers: &HeaderMap) -> Response {
    let Some(mut page) = built(app, path, headers) else {
        return (StatusCode::NOT_FOUND, Html(MISSING)).into_response();
    };
    let answered = page.headers_mut();
    answered.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    answered.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(policy));
    page
}

/// A file of the portal; any other path is one of its pages.
pub async fn file(State(app): State<App>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    if let Some(mut file) = built(&app, &path, &headers).filter(|_| !PAGES.contains(&path.as_str())) {
        let hashed = path.starts_with("assets/");
        let caching = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        file.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static(caching));
        return file;
    }
    if path.starts_with("assets/") || path.starts_with("api/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    index(State(app), headers).await
}

/// A built file in the smallest form that the browser takes; none when the binary was built without it.
pub fn built(app: &App, path: &str, headers: &HeaderMap) -> Option<Response> {
    let taken = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |name: &str| taken.split(',').any(|one| one.split(';').next().is_some_and(|one| one.trim() == name));
    let packed = [("br", "br"), ("gzip", "gz")].into_iter().filter(|(name, _)| takes(name));
    let mut forms = packed.map(|(name, end)| (Some(name), format!("{path}.{end}"))).chain([(None, path.to_owned())]);
    let (encoding, bytes) = forms.find_map(|(name, path)| Some((name, (app.portal_file)(&path)?)))?;
    let mut response = bytes.into_owned().into_response();
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind(path)));
    answered.insert(header::VARY, header::HeaderValue::from_static("accept-encoding"));
    if let Some(name) = encoding {
        answered.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(name));
    }
    Some(response)
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
