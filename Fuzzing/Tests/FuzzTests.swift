import HostSystem
import ImageModel
import TestSupport
import Testing

struct FuzzTests {
  /// The inputs that `make fuzz` starts from, and those that once broke something.
  private static func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
    let directory = FilePath(#filePath).parent.parent / "Corpus" / FilePath(target.name)
    return try PosixFileSystem().entries(of: directory).sorted { $0.name < $1.name }.map { entry in
      try PosixFileSystem().contents(of: directory / entry.name, limit: 1 << 20)
    }
  }

  @Test(arguments: FuzzTarget.all) func noInputBreaksAReader(target: FuzzTarget) async throws {
    let corpus = try Self.corpus(target)
    try #require(!corpus.isEmpty)
    for (index, input) in corpus.enumerated() { await Self.check(target, input, "input \(index)") }
    for seed in Soak.seeds(target.share * 100) {
      var random = SeededGenerator(seed: seed)
      let input = random.mutation(of: corpus[seed % corpus.count], among: corpus)
      await Self.check(target, input, "seed \(seed)")
    }
  }

  private static func check(_ target: FuzzTarget, _ input: [UInt8], _ name: String) async {
    do {
      try await target.check(input)
    } catch {
      Issue.record(
        "\(target.name), \(name): \(error); input \(String(decoding: input, as: UTF8.self).debugDescription)")
    }
  }
}

extension FuzzTarget: CustomTestStringConvertible {
  var testDescription: String { name }
}
