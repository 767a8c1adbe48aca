internal import CDeflate
internal import Dispatch
internal import HostSystem
internal import ImageModel

/// Compresses a stream into gzip members of 1 MiB of input each, on all cores, with bounded memory.
///
/// The bytes depend on the input alone, not on how it was cut or how many cores there are. Any gzip reads it.
final class GzipMembers {
  /// Members that wait, are compressed or wait to be written.
  private static let inFlightLimit = 16

  private let queue = CompressionQueue()
  private let sink: (UnsafeRawBufferPointer) throws -> Void
  private var member: GzipMember
  private var (submitted, emitted) = (0, 0)

  /// - Parameter sink: gets the compressed bytes in order, on the thread that calls `write` and `finish`.
  init(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) {
    self.sink = sink
    member = GzipMember()
  }

  deinit { queue.cancel() }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(GzipMember.size - member.input.count)
      member.input.append(contentsOf: piece)
      rest = rest.dropFirst(piece.count)
      if member.input.count == GzipMember.size { try submit() }
    }
  }

  func finish() throws {
    // An empty stream is one empty member.
    if !member.input.isEmpty || submitted == 0 { try submit() }
    try emit(untilInFlight: 0)
  }

  private func submit() throws {
    let next = queue.recycled()
    queue.submit(submitted, member)
    member = next
    submitted += 1
    try emit(untilInFlight: Self.inFlightLimit)
  }

  /// Writes what is ready, and goes on until at most `limit` members are in flight.
  ///
  /// Never waits for work that nobody has begun: it helps instead, so it also ends when every thread of the pool waits
  /// in this place.
  private func emit(untilInFlight limit: Int) throws {
    while submitted > emitted {
      if let done = queue.take(emitted) {
        guard done.outputCount > 0 else { throw Failure("cannot compress a layer: out of memory") }
        try done.output.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<done.outputCount])) }
        queue.recycle(done)
        emitted += 1
      } else if submitted - emitted <= limit {
        return
      } else if !queue.compressNext() {
        queue.waitForProgress()
      }
    }
  }
}

/// One member and its buffers, which are used again: fresh ones for each would scatter the heap.
struct GzipMember: Sendable {
  /// Members of 64 MiB are smaller by 0.2 % together (measured), and cost memory.
  static let size = 1 << 20
  /// What a member of that size may take.
  static let largestOutput = libdeflate_gzip_compress_bound(nil, size)
  private static let level: Int32 = 6

  var input: [UInt8] = []
  var output: [UInt8]
  /// Bytes of `output` that count; 0 when there was no memory to compress.
  var outputCount = 0

  init() {
    input.reserveCapacity(Self.size)
    output = [UInt8](repeating: 0, count: Self.largestOutput)
  }

  /// Consuming, so that the buffers are not copied.
  consuming func compressed() -> GzipMember {
    outputCount = 0
    guard let compressor = libdeflate_alloc_compressor(Self.level) else { return self }
    defer { libdeflate_free_compressor(compressor) }
    outputCount = input.withUnsafeBytes { source in
      output.withUnsafeMutableBytes { target in
        libdeflate_gzip_compress(compressor, source.baseAddress, source.count, target.baseAddress, target.count)
      }
    }
    return self
  }
}

/// The members that wait for a thread, those that are done, and those to be used again.
private final class CompressionQueue: Sendable {
  private struct State: Sendable {
    var waiting: [(index: Int, member: GzipMember)] = []
    var done: [Int: GzipMember] = [:]
    var recycled: [GzipMember] = []
  }

  private let state = Locked(State())
  private let progress = DispatchSemaphore(value: 0)

  func submit(_ index: Int, _ member: GzipMember) {
    state.withLock { $0.waiting.append((index, member)) }
    DispatchQueue.global().async { [self] in
      _ = compressNext()
      progress.signal()
    }
  }

  /// Compresses a member that waits, on this thread; false when there is none.
  func compressNext() -> Bool {
    guard let next = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return false }
    let member = next.member.compressed()
    state.withLock { $0.done[next.index] = member }
    return true
  }

  func take(_ index: Int) -> GzipMember? { state.withLock { $0.done.removeValue(forKey: index) } }

  func recycle(_ member: GzipMember) {
    state.withLock { state in
      state.recycled.append(member)
      state.recycled[state.recycled.count - 1].input.removeAll(keepingCapacity: true)
    }
  }

  func recycled() -> GzipMember { state.withLock { $0.recycled.popLast() } ?? GzipMember() }

  /// Returns after some member was done, maybe one that is taken already.
  func waitForProgress() { progress.wait() }

  func cancel() { state.withLock { $0.waiting = [] } }
}
