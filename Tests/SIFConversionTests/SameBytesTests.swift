import HostSystem
import ImageModel
import SIFFormat
import SquashFS
import TestSupport
import Testing

@testable import ContentStore
@testable import SIFConversion

/// The bytes of a SIF depend on its image alone.
struct SameBytesTests {
  private static let sources = FilePath(#filePath).parent.parent.parent

  /// A real tree of many files, this repository's, as one layer.
  private func layer() async throws -> LayerSource {
    let words = ["tar", "--sort=name", "-C", "\(Self.sources)", "-cf", "-", "Sources", "Tests", "Fuzzing", "docs"]
    let result = try await PosixProcessRunner().capture(ProcessCommand(words), limit: 1 << 28)
    try #require(result.status.isSuccess, "\(String(decoding: result.errorOutput, as: UTF8.self))")
    let tar = result.output
    return LayerSource(name: "layer", blob: .sha256(tar), diffID: .sha256(tar)) { MemoryReader(tar) }
  }

  @Test(arguments: [SquashfsCompression.gzip(), .zstd()])
  func threadsDoNotShow(compression: SquashfsCompression) async throws {
    let layer = try await layer()
    let config = Array(#"{"os":"linux","architecture":"amd64","config":{"Cmd":["sh"]}}"#.utf8)
    var digests: [Digest] = []
    // A large number lets the threads overtake each other as often as they can.
    for threads in [1, 2, 3, 16, 2] {
      let directory = try TemporaryDirectory()
      var options = SIFConverter.Options()
      (options.compression, options.threads) = (compression, threads)
      let made = try SIFConverter(files: directory.fileSystem, options: options)
        .convert(config: config, layers: [layer], to: directory / "made.sif")
      #expect(made.report.inodes > 800)
      digests.append(made.file.digest)
      #expect(try directory.fileSystem.digest(of: directory / "made.sif") == made.file.digest)
    }
    #expect(Set(digests).count == 1, "\(digests)")
  }
}
