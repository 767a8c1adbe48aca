import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// The real program while it runs: what it has said so far can be read, and it can be sent signals.
final class RunningCoppice: Sendable {
  let processID: pid_t
  private let printed: Locked<[UInt8]>
  private let told: Locked<[UInt8]>
  private let task: Task<HostSystem.ExitStatus, any Error>

  /// Starts it in a process group of its own, as a shell does.
  init(_ arguments: [String], in directory: FilePath, environment: [String: String]) async throws {
    let (printed, told) = (Locked<[UInt8]>([]), Locked<[UInt8]>([]))
    let number = FilePath("/tmp/coppice-test-pid-" + String(UInt64.random(in: .min ... .max), radix: 36))
    let command = ProcessCommand(
      ["/bin/sh", "-c", #"echo $$ > "$0"; exec "$@""#, number.description]
        + [(Laboratory.binaries / "coppice").description] + arguments,
      environment: environment, directory: directory,
      output: .handler { piece in printed.withLock { $0.append(contentsOf: piece) } },
      errorOutput: .handler { piece in told.withLock { $0.append(contentsOf: piece) } })
    (self.printed, self.told) = (printed, told)
    let task = Task { try await Laboratory.processes.run(command) as HostSystem.ExitStatus }
    self.task = task
    var found: pid_t?
    try await waitUntil("the program has started") {
      let text = try Laboratory.files.contentsIfPresent(of: number, limit: 64) ?? []
      found = text.last == UInt8(ascii: "\n") ? pid_t(String(decoding: text.dropLast(), as: UTF8.self)) : nil
      return found != nil
    }
    try Laboratory.files.remove(number)
    processID = try #require(found)
  }

  var output: String { String(decoding: printed.withLock { $0 }, as: UTF8.self) }
  var errorOutput: String { String(decoding: told.withLock { $0 }, as: UTF8.self) }

  /// Whole lines of `--progress json` so far.
  var events: [JSONValue] {
    get throws {
      try output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
        try JSONValue(parsing: String($0))
      }
    }
  }

  /// `docker/python:1 built` for every step that has ended.
  var finished: [String] {
    get throws {
      try events.filter { $0["event"]?.string == "finished" }.map {
        "\($0["id"]?.string ?? "") \($0["outcome"]?.string ?? "")"
      }
    }
  }

  func waitForStart(of id: String) async throws {
    try await waitUntil("\(id) is started") {
      try self.hasStarted(id)
    }
  }

  func send(_ signal: Int32) { kill(processID, signal) }

  /// Sends a signal some time after a step has started. On a thread of its own: a task may wait for one of the pool's
  /// longer than the step takes.
  func send(_ signal: Int32, _ delay: Duration, afterStartOf id: String) async throws {
    try await onBlockingThread { [self] in
      // Who has ended starts nothing more.
      while kill(processID, 0) == 0, try !hasStarted(id) { usleep(500) }
      usleep(UInt32(max(0, delay / .microseconds(1))))
      send(signal)
    }
  }

  /// Sends a signal some time after it has printed so many lines.
  func send(_ signal: Int32, _ delay: Duration, afterLine line: Int) async throws {
    try await onBlockingThread { [self] in
      while kill(processID, 0) == 0, output.utf8.count(where: { $0 == UInt8(ascii: "\n") }) < line { usleep(500) }
      usleep(UInt32(max(0, delay / .microseconds(1))))
      send(signal)
    }
  }

  private func hasStarted(_ id: String) throws -> Bool {
    try events.contains { $0["event"]?.string == "started" && $0["id"]?.string == id }
  }

  /// To it and its process group, as a terminal does.
  func sendToGroup(_ signal: Int32) { kill(-processID, signal) }

  /// SIGKILL to it and to everything that it started, as when a machine goes down.
  func killWithDescendants() {
    // Stopped, it starts nothing more while we look.
    kill(processID, SIGSTOP)
    for process in Processes.descendants(of: processID) { kill(process, SIGKILL) }
    kill(processID, SIGKILL)
  }

  func end() async throws -> Run {
    let status = try await task.value
    return Run(status: status, output: output, errorOutput: errorOutput)
  }
}

/// Asks again and again, for some minutes of a quiet machine. Questions count, not time: other tests may keep all threads
/// of the pool busy for longer than anybody would wait.
func waitUntil(_ what: String, _ isTrue: () throws -> Bool) async throws {
  for _ in 0..<100_000 {
    if try isTrue() { return }
    try await Task.sleep(for: .milliseconds(2))
  }
  Issue.record("\(what): waited in vain")
  throw CancellationError()
}

/// What runs on this machine, as /proc tells.
enum Processes {
  static func descendants(of process: pid_t) -> [pid_t] {
    var children: [pid_t: [pid_t]] = [:]
    for id in all {
      // `123 (any name) S 45 …`: the parent comes after the last parenthesis.
      guard let text = text("stat", of: id), let end = text.lastIndex(of: ")") else { continue }
      let words = text[end...].split(separator: " ")
      if words.count > 2, let parent = pid_t(words[2]) { children[parent, default: []].append(id) }
    }
    var found: [pid_t] = []
    var rest = [process]
    while let next = rest.popLast() {
      found += children[next] ?? []
      rest += children[next] ?? []
    }
    return found
  }

  /// Those in whose command line `words` stand.
  static func withCommand(containing words: String) -> [pid_t] {
    all.filter { $0 != getpid() && text("cmdline", of: $0)?.contains(words) == true }
  }

  private static var all: [pid_t] {
    ((try? Laboratory.files.entries(of: "/proc")) ?? []).compactMap { $0.name.text.flatMap { pid_t($0) } }
  }

  private static func text(_ file: FilePath, of process: pid_t) -> String? {
    let path = FilePath("/proc/\(process)") / file
    return (try? Laboratory.files.contents(of: path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
  }
}
