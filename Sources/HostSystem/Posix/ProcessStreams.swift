internal import Glibc

/// The pipes between us and a process.
struct ProcessStreams: Sendable {
  /// Our ends.
  private(set) var input: PipeEnd?
  private(set) var outputs: [(end: PipeEnd, output: ProcessCommand.Output)] = []
  /// Where a thread of ours serves one of them.
  private(set) var abort: (reader: PipeEnd, writer: PipeEnd)?

  private var childInput: PipeEnd?
  private var childOutput: PipeEnd?
  private var childErrorOutput: PipeEnd?

  init(_ command: ProcessCommand) throws(SystemFailure) {
    var needsThread = false
    switch command.input {
    case .null: break
    case .bytes, .producer:
      let (reader, writer) = try PipeEnd.pair()
      (childInput, input) = (reader, writer)
      writer.setNonblocking()
      needsThread = true
    }
    childOutput = try add(command.output, &needsThread)
    childErrorOutput = try add(command.errorOutput, &needsThread)
    if needsThread { abort = try PipeEnd.pair() }
  }

  var count: Int { outputs.count + (input == nil ? 0 : 1) }

  func spawn(_ command: ProcessCommand) -> Spawn {
    Spawn(command: command, input: childInput, output: childOutput, errorOutput: childErrorOutput)
  }

  /// To be called once the child has them: the ends of its pipes show only when nobody else holds them.
  func closeChildEnds() {
    for end in [childInput, childOutput, childErrorOutput] { end?.close() }
  }

  /// - Returns: the child's end.
  private mutating func add(
    _ output: ProcessCommand.Output, _ needsThread: inout Bool
  ) throws(SystemFailure) -> PipeEnd? {
    switch output {
    case .discarded: return nil
    case .handler: break
    case .consumer: needsThread = true
    }
    let (reader, writer) = try PipeEnd.pair()
    reader.setNonblocking()
    outputs.append((reader, output))
    return writer
  }
}
