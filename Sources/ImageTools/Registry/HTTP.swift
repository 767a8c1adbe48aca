import ImageModel

/// One request, as registries are asked.
struct HTTPRequest: Sendable {
  var method = "GET"
  var url: String
  var headers: [(name: String, value: String)] = []
  /// Sent with POST.
  var body: [UInt8] = []
  /// More bytes than this in the answer are an error.
  var limit = 8 << 20
  var connectTimeout: Duration = .seconds(10)
  var timeout: Duration = .seconds(60)

  init(_ method: String, _ url: String) {
    self.method = method
    self.url = url
  }
}

struct HTTPResponse: Sendable {
  var status: Int
  /// Names in lower case.
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []

  subscript(name: String) -> String? { headers.last { $0.name == name }?.value }
  func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
}

/// No answer came: the server could not be reached, or what came was no answer.
struct TransferError: Error, Sendable, CustomStringConvertible {
  enum Kind: Sendable {
    /// The name is unknown, nobody listens, the time is over.
    case unreachable
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
