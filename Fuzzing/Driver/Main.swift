import CFuzzer
import Dispatch
import Glibc
import ImageModel
import TestSupport

/// Fuzzes the target that `COPPICE_FUZZ_TARGET` names, after its bombs; arguments are libFuzzer's.
@main
enum Main {
  static func main() {
    guard let target else {
      complain("COPPICE_FUZZ_TARGET is one of: " + FuzzTarget.all.map { $0.name }.joined(separator: " "))
      exit(2)
    }
    for bomb in Bomb.all() where bomb.target.name == target.name { waiting { await check(bomb.input, bomb.name) } }
    var (count, arguments) = (CommandLine.argc, Optional(CommandLine.unsafeArgv))
    exit(LLVMFuzzerRunDriver(&count, &arguments, test))
  }
}

// The environment, since libFuzzer starts itself again without what it does not know.
private let target = getenv("COPPICE_FUZZ_TARGET").flatMap { name in
  FuzzTarget.all.first { $0.name == String(cString: name) }
}

/// A global function: libFuzzer calls it from C.
private func test(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  waiting {
    await check(bytes, "an input")
    // One input in 64, and always the same ones, so that a finding can be repeated.
    let seed = Digest.sha256(bytes).bytes
    if seed[0] < 4 {
      var random = SeededGenerator(seed: Int(seed[1]) << 8 | Int(seed[2]))
      await check(random.stretched(bytes, to: 1 << 16), "an input that is stretched")
    }
  }
  return 0
}

/// Runs `body` on a thread of the pool, where readers run in earnest: its stack is small.
private func waiting(_ body: @escaping @Sendable () async -> Void) {
  let isDone = DispatchSemaphore(value: 0)
  Task.detached {
    await body()
    isDone.signal()
  }
  isDone.wait()
}

/// Three seconds for 64 KiB, of an instrumented program on a machine that others use, too: what is linear takes half of that, what is
/// not takes minutes. Small inputs get what a disturbance costs.
private func check(_ bytes: [UInt8], _ name: String) async {
  let start = processorTime()
  do {
    try await target?.check(bytes)
  } catch {
    complain("violation: \(name): \(error)")
    abort()
  }
  let spent = processorTime() - start
  if spent > 0.75 + 3 * Double(bytes.count) / 65536 {
    complain("violation: \(name): \(spent) s for \(bytes.count) bytes")
    if getenv("COPPICE_FUZZ_MEASURE") == nil { abort() }
  }
}

private func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func complain(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = write(2, bytes, bytes.count)
}
