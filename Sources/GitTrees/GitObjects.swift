package import HostSystem
internal import ImageModel

/// Objects of a git repository, from one `git cat-file` that answers as long as it is needed.
///
/// Files come as a checkout would write them: with the line ends, the filters and the encodings that git's attributes
/// ask for. Git says the size of what is stored, not of what it writes then; so each question is followed by one for a
/// random name, and the answer to that ends the answer.
package final class GitObjects: Sendable {
  package enum Kind: String, Sendable { case blob, tree, commit, tag }

  package struct Object: Sendable {
    package var kind: Kind
    package var bytes: [UInt8]
  }

  private let requests = Channel<[UInt8]>()
  private let answers = Channel<[UInt8]>()
  private let turn = Locked(())
  private let mark: [UInt8]
  private let fault = Locked<Failure?>(nil)

  private init() {
    var random = SystemRandomNumberGenerator()
    mark = Array((String(random.next(), radix: 36) + "-" + String(random.next(), radix: 36)).utf8)
  }

  /// Runs `body` on a thread that may block, with the objects of a revision.
  /// - Throws: what `body` throws; `Failure` when git has not all of what was asked for, whatever `body` made of that.
  package static func read<Result: Sendable>(
    of revision: GitRevision, files: any FileSystem, _ body: @escaping @Sendable (GitObjects) throws -> Result
  ) async throws -> Result {
    let objects = GitObjects()
    let submodules = SubmoduleObjects(files: files).directories(in: revision.repository.gitDirectories)
    let repository = revision.repository.adding(objects: submodules).takingAttributes(of: revision.commit)
    async let ending = objects.serve(repository)
    let result: Swift.Result<Result, any Error>
    do {
      result = .success(
        try await onBlockingThread {
          defer { objects.requests.close() }
          return try body(objects)
        })
    } catch {
      result = .failure(error)
    }
    // What stopped git is the cause of what its reader complains of.
    try await ending
    if let fault = objects.fault.withLock({ $0 }) { throw fault }
    return try result.get()
  }

  private func serve(_ repository: GitRepository) async throws {
    defer { close() }
    let words = Locked<[UInt8]>([])
    let status = try await repository.run(
      ["cat-file", "--batch", "--filters"],
      input: .producer { [requests] writer in
        while let request = requests.receive() { try request.withUnsafeBytes { try writer.write($0) } }
      },
      output: .consumer { try self.collect($0) },
      errorOutput: .handler { piece in
        words.withLock { $0.append(contentsOf: piece.prefix(4096 - min(4096, $0.count))) }
      })
    if !status.isSuccess { throw repository.failure(words.withLock { $0 }) }
  }

  private func close() {
    requests.close()
    answers.close()
  }

  /// Cuts what git says into answers.
  private func collect(_ reader: any ByteReader) throws {
    // Also when git is gone: nobody waits for it any more.
    defer { close() }
    let end = mark + Array(" missing\n".utf8)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var answer: [UInt8] = []
    while true {
      let count = try reader.read(into: buffer)
      if count == 0 { return }
      answer.append(contentsOf: buffer[..<count])
      // One question at a time: an answer ends where git waits.
      if answer.suffix(end.count).elementsEqual(end) {
        answer.removeLast(end.count)
        answers.send(answer)
        answer = []
      }
    }
  }

  /// - Parameters:
  ///   - name: an object, as git names it, without blanks.
  ///   - path: decides how a file is converted.
  /// - Throws: `Failure`, which is also kept: readers of files may take a missing one for no fault.
  func object(_ name: String, at path: FilePath) throws(Failure) -> Object {
    // A line is a question: of a path with line feeds the attributes of a similar one count.
    let place = path.bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: "?") : $0 }
    let question = Array("\(name) ".utf8) + place + [UInt8(ascii: "\n")] + mark + [UInt8(ascii: "\n")]
    let answer = turn.withLock { _ in
      requests.send(question)
      return answers.receive()
    }
    guard let answer else { throw Failure("git ended before it answered") }
    guard let line = answer.firstIndex(of: UInt8(ascii: "\n")), answer.last == UInt8(ascii: "\n"),
      let kind = Kind(header: answer[..<line])
    else {
      let failure = Failure(
        "git does not have \(path.isEmpty ? "the commit" : "\(path)") (object \(name))",
        help: "fetch it: a shallow clone (git fetch --unshallow) and submodules lack what nobody fetched")
      fault.withLock { $0 = $0 ?? failure }
      throw failure
    }
    return Object(kind: kind, bytes: Array(answer[(line + 1)...].dropLast()))
  }
}

extension GitObjects.Kind {
  /// Of `ID KIND SIZE`; nil for `NAME missing`.
  fileprivate init?(header: ArraySlice<UInt8>) {
    let words = header.split(separator: UInt8(ascii: " "))
    guard words.count == 3, let kind = Self(rawValue: String(decoding: words[1], as: UTF8.self)) else { return nil }
    self = kind
  }
}
