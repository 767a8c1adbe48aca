internal import BuildEngine
internal import Glibc
internal import HostSystem
internal import ImageModel

/// The log of one step: a file below `.coppice/logs`, made with its first line, and the last lines in memory.
final class FileStepLog: StepLog {
  private struct State {
    var descriptor: Int32 = -1
    var tail: [String] = []
    var isClosed = false
  }

  private let place: FilePath
  private let state = Locked(State())

  init(directory: FilePath, build: Int, id: ArtifactID) {
    let words = "\(build)-\(id.kind.rawValue)-\(id.name)-\(id.tag)"
    var name = String(words.map { $0.isLetter || $0.isNumber || "-._".contains($0) ? $0 : "_" })
    // Two artifacts whose names differ in odd characters only have two logs.
    if name != words { name += "-" + Digest.sha256(id.description).hex.prefix(8) }
    place = directory / FilePath(name + ".log")
  }

  var path: FilePath? { state.withLock { $0.descriptor >= 0 || $0.isClosed } ? place : nil }
  var tail: [String] { state.withLock { $0.tail } }

  func write(_ line: String) {
    state.withLock { state in
      state.tail.append(line)
      if state.tail.count > 20 { state.tail.removeFirst() }
      if state.descriptor < 0, !state.isClosed {
        // A build that was killed has no entry in the journal: this one has its number, and its log starts anew.
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC
        state.descriptor = place.description.withCString { open($0, flags, 0o644) }
      }
      // A log that cannot be written must not fail the step that it tells of.
      var bytes = Array((line + "\n").utf8)[...]
      while state.descriptor >= 0, !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
        if count <= 0 { break }
        bytes = bytes.dropFirst(count)
      }
    }
  }

  func close() {
    state.withLock { state in
      if state.descriptor >= 0 {
        Glibc.close(state.descriptor)
        state.isClosed = true
      }
      state.descriptor = -1
    }
  }
}
