import HostSystem
import ImageModel

/// Sends one blob to a repository, unless it is there: OCI distribution specification, "Push".
struct BlobUpload: Sendable {
  enum Outcome: Hashable, Sendable {
    /// It was there.
    case present
    /// From another repository of the registry, which had it.
    case mounted(from: String)
    case sent
  }

  let digest: Digest
  let file: any RandomAccessFile
  /// Larger blobs go in pieces of this size, so that a broken transfer need not begin again.
  var pieceSize = 64 << 20
  /// Waits before a broken transfer goes on, the longer the more often it broke; not less than the registry asked for.
  let pause: @Sendable (_ breaks: Int, _ asked: Duration?) async throws -> Void
  /// Told how many more bytes the registry has; less than nothing when it has lost some.
  var progress: @Sendable (Int) -> Void = { _ in }

  /// How often an upload begins again, and how often it goes on after a break in between.
  private static let (mostBeginnings, mostBreaks) = (4, 20)
  private static let smallestPiece = 1 << 20
  private static let type = (name: "Content-Type", value: "application/octet-stream")

  /// Why an upload begins again.
  private enum Setback: Error {
    /// The registry does not know it any more, or has become confused.
    case lost(RegistryError)
    case piecesRefused(RegistryError)
    case pieceTooLarge(RegistryError)

    var error: RegistryError {
      switch self {
      case .lost(let error), .piecesRefused(let error), .pieceTooLarge(let error): error
      }
    }
  }

  /// - Parameter sources: repositories of the same registry that may have the blob, the likeliest first; the session's
  ///   scope must cover them.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had or the file cannot be read.
  func run(_ session: inout RegistrySession, mounting sources: [String] = []) async throws -> Outcome {
    if try await isThere(&session) { return .present }
    var place: UploadPlace?
    for source in sources {
      let answer = try await mount(from: source, &session)
      if case .refused = answer { continue }
      // Where there is nothing to mount, an upload has begun; one is enough.
      if let place { await cancel(place, &session) }
      switch answer {
      case .mounted: return .mounted(from: source)
      case .opened(let opened): place = opened
      case .refused: break
      }
    }
    var pieceSize = pieceSize
    var hasPieces = file.size > pieceSize
    var beginnings = 0
    while true {
      do {
        let opened: UploadPlace = if let place { place } else { try await open(&session) }
        place = nil
        if hasPieces {
          try await sendInPieces(of: pieceSize, to: opened, &session)
        } else {
          try await sendWhole(to: opened, &session)
        }
        return .sent
      } catch let setback as Setback {
        // The answer to what did arrive may have been lost.
        if try await isThere(&session) {
          progress(file.size)
          return .sent
        }
        beginnings += 1
        guard beginnings < Self.mostBeginnings else { throw setback.error }
        switch setback {
        case .lost(let error): try await pause(beginnings, error.retryAfter)
        case .piecesRefused: hasPieces = false
        case .pieceTooLarge:
          pieceSize = min(pieceSize, file.size) / 4
          guard pieceSize >= Self.smallestPiece else { throw setback.error }
          hasPieces = true
        }
      }
    }
  }

  private func isThere(_ session: inout RegistrySession) async throws -> Bool {
    let answer = try await session.ask("HEAD", "blobs/\(digest)")
    switch answer.status {
    case 200: return answer["content-length"].flatMap { Int($0) }.map { $0 == file.size || $0 == 0 } ?? true
    case 404, 405, 400, 501: return false
    default: throw RegistryError(answer, about: session.reference)
    }
  }

  // MARK: Beginnings

  private enum Mount {
    case mounted
    case opened(UploadPlace?)
    case refused
  }

  /// What a registry does not want to mount is sent: not every one lets us read where the blob is.
  private func mount(from source: String, _ session: inout RegistrySession) async throws -> Mount {
    let path = "blobs/uploads/?mount=\(digest)&from=\(source)"
    let answer = try await session.answer { endpoint in Self.beginning(endpoint.url(path)) }
    switch answer.status {
    case 201: return .mounted
    case 202: return .opened(UploadPlace(answer["location"], from: session.url(path)))
    case 400..<500 where answer.status != 429: return .refused
    default: throw RegistryError(answer, about: session.reference)
    }
  }

  /// Uploads that nobody cancels a registry forgets some day.
  private func cancel(_ place: UploadPlace, _ session: inout RegistrySession) async {
    _ = try? await session.answer { _ in HTTPRequest("DELETE", place.url) }
  }

  private func open(_ session: inout RegistrySession) async throws -> UploadPlace {
    let path = "blobs/uploads/"
    let answer = try await session.answer { endpoint in Self.beginning(endpoint.url(path)) }
    guard answer.status == 202 else { throw RegistryError(answer, about: session.reference) }
    return try place(answer, from: session.url(path), session)
  }

  private static func beginning(_ url: String) -> HTTPRequest {
    var request = HTTPRequest("POST", url)
    request.body = .empty
    return request
  }

  private func place(
    _ answer: HTTPResponse, from url: String, _ session: RegistrySession
  ) throws(RegistryError) -> UploadPlace {
    guard let place = UploadPlace(answer["location"], from: url) else {
      throw RegistryError(
        malformed: "it does not say where an upload goes on, or names a place that is not safe",
        about: session.reference)
    }
    return place
  }

  // MARK: Sending

  private func sendWhole(to place: UploadPlace, _ session: inout RegistrySession) async throws {
    try await finish(place, sending: 0..<file.size, &session)
  }

  private func finish(_ place: UploadPlace, sending range: Range<Int>, _ session: inout RegistrySession) async throws {
    let (answer, given): (HTTPResponse, Int)
    do {
      (answer, given) = try await send("PUT", to: place.finishing("\(digest)"), range, [], &session)
    } catch let error as RegistryError where error.isBreak {
      throw Setback.lost(error)
    }
    var isTaken = false
    defer { progress((isTaken ? range.count : 0) - given) }
    switch answer.status {
    case 201, 204:
      let named = answer["docker-content-digest"].flatMap { Digest($0) }
      guard named == nil || named == digest else {
        throw RegistryError(
          malformed: "it took \(digest.short) for \(named?.short ?? "something else")", about: session.reference,
          help: nil)
      }
      isTaken = true
    case 413 where !range.isEmpty: throw Setback.pieceTooLarge(RegistryError(answer, about: session.reference))
    case 404, 408, 416, 429, 500...: throw Setback.lost(RegistryError(answer, about: session.reference))
    default: throw RegistryError(answer, about: session.reference)
    }
  }

  private func sendInPieces(of size: Int, to opened: UploadPlace, _ session: inout RegistrySession) async throws {
    var (place, offset, breaks) = (opened, 0, 0)
    // What the registry has of an upload that begins again does not count any more.
    var isWhole = false
    defer { if !isWhole { progress(-offset) } }
    while offset < file.size {
      let range = offset..<min(offset + size, file.size)
      let url = place.url
      let broken: RegistryError
      do {
        let header = (name: "Content-Range", value: "\(range.lowerBound)-\(range.upperBound - 1)")
        let (answer, given) = try await send("PATCH", to: url, range, [header], &session)
        var taken = 0
        defer { progress(taken - given) }
        switch answer.status {
        case 202, 201, 204:
          place = try self.place(answer, from: url, session)
          taken = range.count
          offset = range.upperBound
          continue
        case 413: throw Setback.pieceTooLarge(RegistryError(answer, about: session.reference))
        case 404: throw Setback.lost(RegistryError(answer, about: session.reference))
        case 400, 405, 411, 415, 501: throw Setback.piecesRefused(RegistryError(answer, about: session.reference))
        case 408, 416, 425, 429, 500...: broken = RegistryError(answer, about: session.reference)
        default: throw RegistryError(answer, about: session.reference)
        }
      } catch let error as RegistryError where error.isBreak {
        broken = error
      }
      breaks += 1
      guard breaks <= Self.mostBreaks else { throw broken }
      try await pause(breaks, broken.retryAfter)
      let known = try await reached(at: place, &session)
      guard let known, known.offset <= file.size else { throw Setback.lost(broken) }
      progress(known.offset - offset)
      (place, offset) = (known.place ?? place, known.offset)
    }
    try await finish(place, sending: file.size..<file.size, &session)
    isWhole = true
  }

  /// - Returns: the answer, and how many bytes were told to be on their way, which count when the registry has taken them.
  private func send(
    _ method: String, to url: String, _ range: Range<Int>, _ headers: [(name: String, value: String)],
    _ session: inout RegistrySession
  ) async throws -> (HTTPResponse, given: Int) {
    let given = Locked(0)
    func takeBack() {
      progress(
        -given.withLock { given in
          defer { given = 0 }
          return given
        })
    }
    do {
      let answer = try await session.answer { _ in
        // What is sent once more begins again.
        takeBack()
        var request = HTTPRequest(method, url)
        request.headers = [Self.type] + headers
        request.body = .file(file, range)
        request.isRepeatable = false
        request.limits.total = .zero
        request.sent = { [progress] count in
          given.withLock { $0 += count }
          progress(count)
        }
        return request
      }
      return (answer, given.withLock { $0 })
    } catch {
      takeBack()
      throw error
    }
  }

  /// How much of an upload has arrived, and where it goes on; nil when the registry does not know it any more.
  private func reached(
    at place: UploadPlace, _ session: inout RegistrySession
  ) async throws -> (offset: Int, place: UploadPlace?)? {
    let answer = try await session.answer { _ in HTTPRequest("GET", place.url) }
    guard answer.status == 204 || answer.status == 202 else { return nil }
    // `0-99`, of which the last byte counts; `0-0` is nothing to some and one byte to others: nothing is the safe one,
    // since what a registry has already it refuses (416), and then says again how much.
    guard let last = answer["range"]?.split(separator: "-").last.flatMap({ Int($0) }), 0..<file.size ~= last else {
      return nil
    }
    return (last == 0 ? 0 : last + 1, UploadPlace(answer["location"], from: place.url))
  }
}

extension RegistryError {
  /// Whether a transfer may go on.
  fileprivate var isBreak: Bool { kind == .unreachable || kind == .busy }
}
