/// A directory of another machine, as ssh reaches it.
package struct RemotePlace: Hashable, Sendable {
  /// Nil for the one that ssh takes.
  package var user: String?
  /// A name that ssh knows, or an address; never one that reads like an option.
  package var host: String
  /// Absolute, or below the home of the user there.
  package var path: String

  package init(user: String? = nil, host: String, path: String) {
    (self.user, self.host, self.path) = (user, host, path)
  }

  /// Reads `[USER@]HOST:PATH`; an IPv6 address stands in brackets.
  ///
  /// Nil for what ssh, rsync or a shell could take for something else.
  package init?(_ text: String) {
    var rest = text[...]
    if let at = rest.firstIndex(of: "@"), !rest[..<at].contains(":") {
      let name = String(rest[..<at])
      guard Self.isName(name) else { return nil }
      user = name
      rest = rest[rest.index(after: at)...]
    }
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]"), rest[end...].hasPrefix("]:") else { return nil }
      host = String(rest[rest.index(after: rest.startIndex)..<end])
      guard !host.isEmpty, host.utf8.allSatisfy({ Self.isPlain($0) || $0 == UInt8(ascii: ":") }) else { return nil }
      rest = rest[rest.index(after: end)...].dropFirst()
    } else {
      guard let colon = rest.firstIndex(of: ":") else { return nil }
      host = String(rest[..<colon])
      guard Self.isName(host) else { return nil }
      rest = rest[rest.index(after: colon)...]
    }
    // The home is where ssh begins.
    path = String(rest.hasPrefix("~/") ? rest.dropFirst(2) : rest)
    guard !path.isEmpty, path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), !path.hasPrefix("~") else { return nil }
  }

  /// A word that no program takes for an option.
  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.first != UInt8(ascii: "-") && text.utf8.allSatisfy(isPlain)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      || "._-%".utf8.contains(byte)
  }

  /// `USER@HOST`, as ssh is told.
  package var login: String { (user.map { $0 + "@" } ?? "") + host }
}

extension RemotePlace: CustomStringConvertible {
  package var description: String {
    (user.map { $0 + "@" } ?? "") + (host.contains(":") ? "[\(host)]" : host) + ":" + path
  }
}

extension RemotePlace {
  /// The one that is written, else that of casa_distro.
  package static func written(
    _ place: RemotePlace?, _ environment: [String: String]
  ) throws(InvalidInput) -> RemotePlace {
    if let place { place } else { try casaDistro(environment) }
  }

  /// Where casa_distro publishes, unless variables of the environment name another place.
  /// - Throws: `InvalidInput` for variables that name none.
  package static func casaDistro(_ environment: [String: String]) throws(InvalidInput) -> RemotePlace {
    func value(_ name: String, _ other: String) -> String {
      environment["BRAINVISA_PUBLISH_" + name].flatMap { $0.isEmpty ? nil : $0 } ?? other
    }
    let host = value("SERVER", "brainvisa.info")
    let text = "\(value("LOGIN", "brainvisa"))@\(host):\(value("DIR", "/var/www/html/brainvisa.info_download"))"
    guard let place = RemotePlace(text) else {
      throw InvalidInput([
        Diagnostic(
          .error, "the variables BRAINVISA_PUBLISH_… name no place: '\(text)'", help: "set LOGIN, SERVER and DIR")
      ])
    }
    return place
  }
}
