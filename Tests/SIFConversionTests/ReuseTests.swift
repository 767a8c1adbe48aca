import ContentStore
import HostSystem
import ImageModel
import SIFFormat
import SquashFS
import TestSupport
import Testing

@testable import SIFConversion

/// A SIF is the same whatever is taken from earlier ones, and what they have is neither read nor compressed.
struct ReuseTests {
  private let disk = InMemoryFileSystem()

  private struct Made {
    var path: FilePath
    var conversion: SIFConverter.Conversion
    var bytes: [UInt8]
  }

  private func config(_ word: String) -> [UInt8] {
    Array(#"{"os":"linux","architecture":"amd64","created":"2024-01-01T00:00:00Z","config":{"Cmd":["\#(word)"]}}"#.utf8)
  }

  private func options(_ random: inout SeededGenerator) -> SIFConverter.Options {
    var options = SIFConverter.Options()
    options.compression = random.once(in: 2) ? .gzip(level: 1) : .zstd(level: 1)
    options.threads = Int.random(in: 1...3, using: &random)
    return options
  }

  private func convert(
    _ stack: LayerStack, _ options: SIFConverter.Options, to name: FilePath, word: String = "run",
    isIndexed: Bool = true, reusing earlier: [Made] = []
  ) throws -> Made {
    try disk.createDirectory("/out")
    let path = "/out" / name
    let conversion = try SIFConverter(files: disk, options: options).convert(
      config: config(word), layers: stack.sources(isIndexed: isIndexed), to: path,
      reusing: earlier.map { made in
        EarlierSIF(try disk.openAnywhere(made.path), blocks: FileBytes(made.conversion.blockMap))
      })
    let bytes = try disk.contents(of: path, limit: .max)
    #expect(Digest.sha256(bytes) == conversion.file.digest)
    return Made(path: path, conversion: conversion, bytes: bytes)
  }

  @Test(arguments: 0..<2) func everyRouteGivesTheSameFile(part: Int) throws {
    for seed in Soak.seeds(30, part: part) {
      var random = SeededGenerator(seed: seed)
      let options = options(&random)
      var stack = LayerStack()
      try stack.grow(Int.random(in: 1...3, using: &random), &random)
      let parent = try convert(stack, options, to: "parent")
      try stack.grow(Int.random(in: 0...2, using: &random), &random)
      let expected = try convert(stack, options, to: "expected", isIndexed: false)
      for earlier in [[], [parent], [expected], [parent, expected]] {
        let opened = stack.timesOpened
        let made = try convert(stack, options, to: "made", reusing: earlier)
        #expect(made.bytes == expected.bytes, "seed \(seed), from \(earlier.map(\.path))")
        #expect(made.conversion.blockMap == expected.conversion.blockMap, "seed \(seed)")
        #expect(made.conversion.diagnostics == expected.conversion.diagnostics, "seed \(seed)")
        if earlier.last?.path == expected.path { #expect(stack.timesOpened == opened, "seed \(seed)") }
      }
    }
  }

  @Test func anotherConfigReadsNoLayer() throws {
    for seed in Soak.seeds(10) {
      var random = SeededGenerator(seed: seed)
      let options = options(&random)
      var stack = LayerStack()
      try stack.grow(3, &random)
      let first = try convert(stack, options, to: "first", word: "one")
      let expected = try convert(stack, options, to: "expected", word: "two")
      let opened = stack.timesOpened
      #expect(try convert(stack, options, to: "made", word: "two", reusing: [first]).bytes == expected.bytes)
      #expect(stack.timesOpened == opened && first.bytes != expected.bytes)
    }
  }

  @Test func whatIsDamagedIsMadeAgain() throws {
    var refused = 0
    for seed in Soak.seeds(40) {
      var random = SeededGenerator(seed: seed)
      let options = options(&random)
      var stack = LayerStack()
      try stack.grow(2, &random)
      var first = try convert(stack, options, to: "first")
      let expected = first.bytes
      let place = Int.random(in: 0..<first.bytes.count, using: &random)
      if random.once(in: 4) {
        first.conversion.blockMap.removeLast()
      } else {
        first.bytes[place] ^= 1
        try disk.replace(first.path, with: first.bytes, mode: 0o755)
      }
      let made = try convert(stack, options, to: "made", reusing: [first])
      #expect(made.bytes == expected, "seed \(seed)")
      refused += made.conversion.diagnostics.count { $0.message.contains("earlier SIF") }
    }
    #expect(refused > 0)
  }
}
