internal import HostSystem
internal import ImageModel

/// Questions to one `git cat-file`, one at a time.
///
/// Git says the size of what is stored, not of what it writes when it converts; so each question is followed by one for
/// a random name, and the answer to that ends the answer.
final class GitConversation: Sendable {
  private let words: [String]
  private let requests = Channel<[UInt8]>()
  private let answers = Channel<[UInt8]>()
  private let turn = Locked(())
  private let mark: [UInt8]
  private let firstFault = Locked<Failure?>(nil)

  /// - Parameter words: the arguments of git.
  init(_ words: [String]) {
    self.words = words
    var random = SystemRandomNumberGenerator()
    mark = Array((String(random.next(), radix: 36) + "-" + String(random.next(), radix: 36)).utf8)
  }

  /// What git did not have, first.
  var fault: Failure? { firstFault.withLock { $0 } }

  /// Answers until `end`; git runs from the first question on.
  func serve(_ repository: GitRepository) async throws {
    defer { close() }
    guard let first = try await onBlockingThread({ [requests] in requests.receive() }) else { return }
    let complaint = Locked<[UInt8]>([])
    let status = try await repository.run(
      words,
      input: .producer { [requests] writer in
        var next: [UInt8]? = first
        while let request = next {
          try request.withUnsafeBytes { try writer.write($0) }
          next = requests.receive()
        }
      },
      output: .consumer { try self.collect($0) },
      errorOutput: .handler { piece in
        complaint.withLock { $0.append(contentsOf: piece.prefix(4096 - min(4096, $0.count))) }
      })
    if !status.isSuccess { throw repository.failure(complaint.withLock { $0 }) }
  }

  /// No more questions.
  func end() { requests.close() }

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
  ///   - name: an object; for messages, as is `path`.
  ///   - question: a line, as git reads it.
  /// - Throws: `Failure`, which is also kept.
  func object(_ name: String, about path: FilePath, _ question: [UInt8]) throws(Failure) -> GitObjects.Object {
    let question = question + [UInt8(ascii: "\n")] + mark + [UInt8(ascii: "\n")]
    let answer = turn.withLock { _ in
      requests.send(question)
      return answers.receive()
    }
    guard let answer else { throw Failure("git ended before it answered") }
    guard let line = answer.firstIndex(of: UInt8(ascii: "\n")), answer.last == UInt8(ascii: "\n"),
      let kind = GitObjects.Kind(header: answer[..<line])
    else {
      let failure = Failure(
        "git does not have \(path.isEmpty ? "the commit" : "\(path)") (object \(name))",
        help: "fetch it: a shallow clone (git fetch --unshallow) and submodules lack what nobody fetched")
      firstFault.withLock { $0 = $0 ?? failure }
      throw failure
    }
    return GitObjects.Object(kind: kind, bytes: Array(answer[(line + 1)...].dropLast()))
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
