import ImageModel

/// One request, as registries are asked.
struct HTTPRequest: Sendable {
  var method = "GET"
  var url: String
  var headers: [(name: String, value: String)] = []
  /// Nil for a method that sends none.
  var body: RequestBody?
  /// Told of the bytes of the body that were given to the network.
  var sent: (@Sendable (Int) -> Void)?
  /// Whether making it again does no harm; a part of an upload may have arrived though its answer did not.
  var isRepeatable = true
  /// Takes the body of an answer of status 200 or 206, in the place of memory.
  var sink: BlobBody?
  /// More bytes than this in the answer are an error.
  var limit = 4 << 20
  var limits = TimeLimits()

  init(_ method: String, _ url: String) {
    self.method = method
    self.url = url
  }

  /// Whether making it again would give somebody bytes twice.
  var hasGiven: Bool { sink.map { $0.received > 0 } ?? false }

  /// The host, with the port if one is named: for messages.
  var server: String { WebAddress(url)?.server ?? url }
}

/// How long a transfer may take.
struct TimeLimits: Sendable {
  var connect: Duration = .seconds(10)
  /// Without a single byte; whole seconds.
  var stall: Duration = .seconds(30)
  /// Zero for any.
  var total: Duration = .seconds(60)
}

struct HTTPResponse: Sendable {
  var status: Int
  /// Names in lower case.
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  /// Whether another place than was asked has answered.
  var isRedirected = false

  subscript(name: String) -> String? { headers.last { $0.name == name }?.value }
  func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

  /// What the content is said to be, in lower case and without parameters.
  var mediaType: String {
    let type = self["content-type"]?.split(separator: ";", omittingEmptySubsequences: false).first ?? ""
    return type.filter { !$0.isWhitespace }.lowercased()
  }
}

/// No answer came: the server could not be reached, or what came was no answer.
struct TransferError: Error, Sendable, CustomStringConvertible {
  enum Kind: Sendable {
    /// The name is unknown, nobody listens.
    case unreachable
    /// It began well and broke off.
    case interrupted
    /// The time is over.
    case tooSlow
    /// The other side does not speak TLS.
    case notTLS
    /// Its certificate is not trusted.
    case certificate
    case tooLarge
    case other
  }

  var kind: Kind
  /// libcurl's words.
  var text: String
  var description: String { text }
}

/// A URL as far as it matters to whom credentials may go.
struct WebAddress: Sendable, Hashable {
  /// `http` or `https`.
  let scheme: String
  /// The host, with the port if one is named.
  let server: String

  /// Nil for another scheme, and for a server with anything in it that two readers could read in two ways.
  init?(_ url: String) {
    guard let colon = url.firstIndex(of: ":") else { return nil }
    scheme = url[..<colon].lowercased()
    let rest = url[url.index(after: colon)...]
    guard scheme == "http" || scheme == "https", rest.hasPrefix("//") else { return nil }
    // The same server has one spelling: hosts know no case, and each scheme has its port.
    var server = rest.dropFirst(2).prefix { !"/?#".contains($0) }.lowercased()
    let port = scheme == "https" ? ":443" : ":80"
    if server.hasSuffix(port) { server.removeLast(port.utf8.count) }
    self.server = server
    let isPlain = server.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || ".-_:[]".utf8.contains(byte)
    }
    guard isPlain, !server.isEmpty else { return nil }
  }

  /// Whether nobody on the way can read what is sent there.
  var isPrivate: Bool { scheme == "https" || Loopback.isLoopback(server) }
}
