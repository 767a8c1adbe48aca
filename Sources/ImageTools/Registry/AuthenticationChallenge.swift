/// What a registry asks for in `WWW-Authenticate`: RFC 9110 §11.6.1, as far as registries use it.
struct AuthenticationChallenge: Sendable, Hashable {
  /// In lower case: `bearer`, `basic`.
  var scheme: String
  /// Names in lower case.
  var parameters: [String: String]

  /// The challenges of a header's value, in its order.
  static func all(_ header: String) -> [AuthenticationChallenge] {
    var rest = header[...]
    var challenges: [AuthenticationChallenge] = []
    while true {
      rest = rest.drop { $0.isWhitespace || $0 == "," }
      if rest.isEmpty { return challenges }
      let word = token(&rest)
      // What is no word belongs nowhere.
      if word.isEmpty { rest = rest.dropFirst() }
      let next = rest.drop(while: \.isWhitespace)
      if next.first == "=", let last = challenges.indices.last {
        rest = next.dropFirst().drop(while: \.isWhitespace)
        challenges[last].parameters[word] = rest.first == "\"" ? quoted(&rest) : token(&rest, lowercased: false)
      } else if !word.isEmpty {
        challenges.append(AuthenticationChallenge(scheme: word, parameters: [:]))
      }
    }
  }

  private static func token(_ rest: inout Substring, lowercased: Bool = true) -> String {
    let word = rest.prefix { !$0.isWhitespace && !"=,\"".contains($0) }
    rest = rest.dropFirst(word.count)
    return lowercased ? word.lowercased() : String(word)
  }

  private static func quoted(_ rest: inout Substring) -> String {
    var value = ""
    rest.removeFirst()
    while let next = rest.popFirst(), next != "\"" {
      value.append(next == "\\" ? rest.popFirst() ?? next : next)
    }
    return value
  }
}
