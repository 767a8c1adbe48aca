/// What a registry asks for in `WWW-Authenticate`: RFC 9110 §11.6.1, as far as registries use it.
struct AuthenticationChallenge: Sendable, Hashable {
  /// In lower case: `bearer`, `basic`.
  var scheme: String
  /// Names in lower case.
  var parameters: [String: String]

  /// The first challenge of a header's value; nil when there is none.
  init?(_ header: String) {
    var rest = header[...]
    func skipSpace() { while let first = rest.first, first.isWhitespace || first == "," { rest.removeFirst() } }
    func token() -> String {
      let word = rest.prefix { !$0.isWhitespace && !"=,\"".contains($0) }
      rest = rest.dropFirst(word.count)
      return String(word)
    }
    skipSpace()
    scheme = token().lowercased()
    parameters = [:]
    guard !scheme.isEmpty else { return nil }
    while true {
      skipSpace()
      let name = token().lowercased()
      // A word without a value begins another challenge.
      guard !name.isEmpty, rest.first == "=" else { break }
      rest.removeFirst()
      if rest.first == "\"" {
        rest.removeFirst()
        var value = ""
        while let next = rest.first, next != "\"" {
          rest.removeFirst()
          if next == "\\", let escaped = rest.first {
            rest.removeFirst()
            value.append(escaped)
          } else {
            value.append(next)
          }
        }
        rest = rest.dropFirst()
        parameters[name] = value
      } else {
        parameters[name] = token()
      }
    }
  }
}
