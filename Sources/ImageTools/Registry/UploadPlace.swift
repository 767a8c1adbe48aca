/// Where an upload that has begun goes on: what a registry names in `Location`.
struct UploadPlace: Sendable, Hashable {
  let url: String

  /// Nil for an address to which no bytes may go.
  /// - Parameter request: what was asked when the registry named it, for a relative one.
  init?(_ location: String?, from request: String) {
    guard let location, let base = WebAddress(request), !location.isEmpty else { return nil }
    if location.hasPrefix("//") {
      url = base.scheme + ":" + location
    } else if location.hasPrefix("/") {
      url = "\(base.scheme)://\(base.server)\(location)"
    } else if WebAddress(location) != nil {
      url = location
    } else if location.prefix(while: { $0 != "/" && $0 != "?" }).contains(":") {
      return nil
    } else {
      let path = request.prefix { $0 != "?" }
      guard let slash = path.lastIndex(of: "/") else { return nil }
      url = path[...slash] + location
    }
    // A registry of this machine may speak plain http; nobody leads from there, or from https, to plain http elsewhere.
    guard let address = WebAddress(url), address == base || address.scheme == "https" else { return nil }
  }

  /// Where the upload ends.
  func finishing(_ digest: String) -> String { url + (url.contains("?") ? "&" : "?") + "digest=\(digest)" }
}
