import HostSystem
import ImageModel
import TestSupport

@testable import ImageTools

/// A registry in memory that takes blobs and manifests as the distribution specification says, and fails where a test
/// wants it to.
final class PlayedRegistry: Sendable {
  enum Fault: Sendable, CaseIterable {
    /// The request does not arrive.
    case dropped
    /// It is done, but nobody hears of it.
    case unheard
    /// Half of the body arrives.
    case torn
    /// The registry has trouble, before it did anything.
    case trouble
    /// It forgets the uploads that have begun.
    case forgetful
  }

  struct Behaviour: Sendable {
    /// Piece by piece uploads are refused.
    var takesPieces = true
    /// Bytes of a request's body; more is refused.
    var largestBody = Int.max
    var mounts = true
    var locationIsRelative = false
    /// Called with the number of the request.
    var fault: @Sendable (Int) -> Fault? = { _ in nil }
  }

  private struct Upload: Sendable {
    var repository: String
    var bytes: [UInt8] = []
  }

  private struct State: Sendable {
    var blobs: [String: [Digest: [UInt8]]] = [:]
    var manifests: [String: [UInt8]] = [:]
    var uploads: [Int: Upload] = [:]
    var nextUpload = 1
    var log: [String] = []
    var received = 0
  }

  private let behaviour: Behaviour
  private let state = Locked(State())

  init(_ behaviour: Behaviour = Behaviour()) { self.behaviour = behaviour }

  var log: [String] { state.withLock { $0.log } }
  /// Bytes of bodies.
  var received: Int { state.withLock { $0.received } }
  func blob(_ digest: Digest, in repository: String) -> [UInt8]? {
    state.withLock { $0.blobs[repository]?[digest] }
  }
  func manifest(_ name: String, in repository: String) -> [UInt8]? {
    state.withLock { $0.manifests["\(repository)/\(name)"] }
  }
  func put(_ bytes: [UInt8], in repository: String) {
    state.withLock { $0.blobs[repository, default: [:]][.sha256(bytes)] = bytes }
  }

  func perform(_ request: HTTPRequest) throws -> HTTPResponse {
    var body: [UInt8] = []
    if let source = request.body {
      body = [UInt8](repeating: 0, count: source.count)
      let count = source.count
      guard body.withUnsafeMutableBytes({ source.read(at: 0, into: $0) }) == count else {
        throw TransferError(kind: .other, text: "the body cannot be read")
      }
      request.sent?(count)
    }
    let full = body
    return try state.withLock { state in
      state.log.append("\(request.method) \(request.url.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" })")
      switch behaviour.fault(state.log.count) {
      case .dropped: throw TransferError(kind: .interrupted, text: "reset")
      case .unheard:
        _ = answer(request, full, &state)
        throw TransferError(kind: .interrupted, text: "reset")
      case .torn:
        tear(request, full, &state)
        throw TransferError(kind: .interrupted, text: "reset")
      case .trouble: return HTTPResponse(status: 503)
      case .forgetful:
        state.uploads = [:]
        return answer(request, full, &state)
      case nil: return answer(request, full, &state)
      }
    }
  }

  /// Of a piece, half counts; of anything else nothing does.
  private func tear(_ request: HTTPRequest, _ body: [UInt8], _ state: inout State) {
    guard request.method == "PATCH", let id = upload(request.url) else { return }
    state.uploads[id]?.bytes += body.prefix(body.count / 2)
  }

  private func upload(_ url: String) -> Int? {
    url.firstRange(of: "/blobs/uploads/").flatMap { Int(url[$0.upperBound...].prefix { $0.isNumber }) }
  }

  private func repository(_ url: String) -> String {
    let path = url.firstRange(of: "/v2/").map { url[$0.upperBound...] } ?? ""
    let end = ["/blobs/", "/manifests/"].compactMap { path.firstRange(of: $0)?.lowerBound }.min() ?? path.endIndex
    return String(path[..<end])
  }

  private func value(_ name: String, in url: String) -> String? {
    url.split(separator: "?").dropFirst().joined().split(separator: "&")
      .first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
  }

  private func answer(_ request: HTTPRequest, _ body: [UInt8], _ state: inout State) -> HTTPResponse {
    let (url, repository) = (request.url, repository(request.url))
    if body.count > behaviour.largestBody { return HTTPResponse(status: 413) }
    state.received += body.count
    if url.contains("/manifests/") {
      return manifest(request, body, name: String(url.split(separator: "/").last ?? ""), repository, &state)
    }
    switch request.method {
    case "HEAD":
      let digest = Digest(String(url.split(separator: "/").last ?? ""))
      guard let bytes = digest.flatMap({ state.blobs[repository]?[$0] }) else { return HTTPResponse(status: 404) }
      return HTTPResponse(status: 200, headers: [("content-length", "\(bytes.count)")])
    case "POST": return begin(url, repository, &state)
    case "PATCH", "PUT", "GET":
      guard let id = upload(url), let upload = state.uploads[id], upload.repository == repository else {
        return HTTPResponse(status: 404)
      }
      return go(on: id, upload, request, body, &state)
    default: return HTTPResponse(status: 405)
    }
  }

  private func begin(_ url: String, _ repository: String, _ state: inout State) -> HTTPResponse {
    if behaviour.mounts, let digest = value("mount", in: url).flatMap({ Digest($0) }),
      let source = value("from", in: url), let bytes = state.blobs[source]?[digest]
    {
      state.blobs[repository, default: [:]][digest] = bytes
      return HTTPResponse(status: 201)
    }
    let id = state.nextUpload
    state.nextUpload += 1
    state.uploads[id] = Upload(repository: repository)
    return HTTPResponse(status: 202, headers: [("location", location(id, repository, url))])
  }

  private func location(_ id: Int, _ repository: String, _ url: String) -> String {
    let path = "/v2/\(repository)/blobs/uploads/\(id)?state=x"
    return behaviour.locationIsRelative ? path : url.prefix { $0 != "/" } + "//r.example" + path
  }

  private func go(
    on id: Int, _ upload: Upload, _ request: HTTPRequest, _ body: [UInt8], _ state: inout State
  ) -> HTTPResponse {
    var upload = upload
    let place = ("location", location(id, upload.repository, request.url))
    switch request.method {
    case "GET":
      return HTTPResponse(status: 204, headers: [place, ("range", "0-\(max(0, upload.bytes.count - 1))")])
    case "PATCH":
      guard behaviour.takesPieces else { return HTTPResponse(status: 405) }
      let range = request.headers.first { $0.name == "Content-Range" }?.value ?? ""
      guard range == "\(upload.bytes.count)-\(upload.bytes.count + body.count - 1)" else {
        return HTTPResponse(status: 416, headers: [place, ("range", "0-\(max(0, upload.bytes.count - 1))")])
      }
      upload.bytes += body
      state.uploads[id] = upload
      return HTTPResponse(status: 202, headers: [place, ("range", "0-\(upload.bytes.count - 1)")])
    default:
      let bytes = upload.bytes + body
      let digest = Digest.sha256(bytes)
      guard value("digest", in: request.url) == "\(digest)" else { return HTTPResponse(status: 400) }
      state.uploads[id] = nil
      state.blobs[upload.repository, default: [:]][digest] = bytes
      return HTTPResponse(status: 201, headers: [("docker-content-digest", "\(digest)")])
    }
  }

  private func manifest(
    _ request: HTTPRequest, _ body: [UInt8], name: String, _ repository: String, _ state: inout State
  ) -> HTTPResponse {
    let key = "\(repository)/\(name)"
    if request.method == "PUT" {
      state.manifests[key] = body
      state.manifests["\(repository)/\(Digest.sha256(body))"] = body
      return HTTPResponse(status: 201, headers: [("docker-content-digest", "\(Digest.sha256(body))")])
    }
    guard let bytes = state.manifests[key] else { return HTTPResponse(status: 404) }
    return HTTPResponse(
      status: 200, headers: [("docker-content-digest", "\(Digest.sha256(bytes))"), ("content-type", "x")],
      body: request.method == "GET" ? bytes : [])
  }
}
