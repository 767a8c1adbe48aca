import HostSystem
import ImageModel
import JSONText
import SIFConversion
import SIFFormat
import TestSupport
import Testing

@testable import coppice

/// The commands for SIF files, outside of any repository.
@Suite struct SIFCommandTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    let config = #"{"os":"linux","architecture":"amd64","config":{"Cmd":["sh"],"Labels":{"a":"b\u001b[31m"}}}"#
    let converter = SIFConverter(files: PosixFileSystem())
    let written = try converter.convert(config: Array(config.utf8), layers: [], to: directory / "app.sif").file
    try directory.write("app.sif.json", #"{"size":\#(written.size),"sha256":"\#(written.digest.hex)"}"#)
  }

  private func run(_ words: [String], isTerminal: Bool = false) async throws -> (
    code: ExitCode, output: String, errors: String
  ) {
    let line = try CommandLineRequest(words)
    let (output, errors) = (Recording(), Recording())
    let invocation = Invocation(
      request: line.request, global: line.global, environment: [:], currentDirectory: directory.path,
      output: output.output, errorOutput: errors.output, isOutputTerminal: isTerminal, style: .plain,
      diagnostics: DiagnosticText(directory: directory.path), size: { .standard })
    let code = await coppice.run(invocation)
    return (code, output.text, errors.text)
  }

  @Test func listShowsHeaderAndObjects() async throws {
    let (code, output, _) = try await run(["sif", "list", "app.sif"])
    #expect(code == .success)
    #expect(output.contains("architecture:   amd64\n") && output.contains("created:        not told\n"))
    #expect(output.contains("FS (Squashfs/*System/amd64)") && output.contains("oci-config.json"))
    let json = try JSONValue(parsing: try await run(["sif", "list", "app.sif", "--json"]).output)
    #expect(json["objects"]?.array?.count == 4 && json["created"] == .null)
    #expect(json["objects"]?[3]?["partition"] == "*System" && json["objects"]?[1]?["name"] == "inspect-metadata.json")
  }

  @Test func inspectShowsWhatIsChosen() async throws {
    let labels = try await run(["sif", "inspect", "app.sif"])
    #expect(labels.code == .success && labels.output.contains("a: b\u{1B}[31m\n"))
    #expect(try await run(["sif", "inspect", "app.sif"], isTerminal: true).output.contains("a: b\n"))
    #expect(try await run(["sif", "inspect", "app.sif", "--runscript"]).output.hasPrefix("#!/bin/sh\n"))
    #expect(
      try await run(["sif", "inspect", "app.sif", "--environment"]).output.hasPrefix("=== /.singularity.d/env/10-"))
    #expect(try await run(["sif", "inspect", "app.sif", "--oci-config"]).output.contains(#""Cmd": ["#))
    let all = try JSONValue(parsing: try await run(["sif", "inspect", "app.sif", "--json"]).output)
    #expect(all.object?.keys == ["labels", "runscript", "environment", "deffile", "oci-config"])
    let one = try JSONValue(parsing: try await run(["sif", "inspect", "app.sif", "--json", "--deffile"]).output)
    #expect(one.object?.keys == ["deffile"])
  }

  @Test func theDefinitionComesOutByteForByte() async throws {
    let (code, output, _) = try await run(["sif", "extract-definition", "app.sif"])
    #expect(code == .success && output.hasPrefix("bootstrap: docker-daemon\nfrom: sha256:") && output.hasSuffix("\n\n"))
  }

  @Test func verifyTellsWhatIsWrongAndExitsWithOne() async throws {
    let whole = try await run(["sif", "verify", "app.sif"])
    #expect(
      whole.code == .success && whole.output.hasPrefix("app.sif is whole: 4 objects, ")
        && whole.output.hasSuffix(", as app.sif.json says\n"), "\(whole)")
    var bytes = try PosixFileSystem().contents(of: directory / "app.sif", limit: 1 << 20)
    try PosixFileSystem().replace(directory / "alone.sif", with: bytes, mode: 0o644)
    let alone = try await run(["sif", "verify", "alone.sif"])
    #expect(alone.code == .success && alone.output.hasPrefix("alone.sif can be read: 4 objects, "), "\(alone)")
    #expect(alone.output.contains("without alone.sif.json nobody knows"), "\(alone)")
    let partition = try #require(bytes.firstRange(of: Array("hsqs".utf8))?.lowerBound)
    bytes[partition] ^= 1
    try PosixFileSystem().replace(directory / "app.sif", with: bytes, mode: 0o644)
    let damaged = try await run(["sif", "verify", "app.sif"])
    #expect(damaged.code == .failure)
    #expect(
      damaged.output.contains("app.sif: the file's SHA-256 is ")
        && damaged.output.contains("does not begin as squashfs")
        && damaged.output.contains("is no squashfs image of version 4.0"))
    let json = try JSONValue(parsing: try await run(["sif", "verify", "app.sif", "--json"]).output)
    #expect(json["faults"]?.array?.count == 3 && json["sidecar"] == true)
  }

  @Test func verifyReadsWhatTheFileSystemHolds() async throws {
    var layout = try SmallLayout(directory / "layout")
    let text = (0..<20_000).map { "line \($0)" }.joined(separator: "\n")
    try layout.add("app", [[("file", text)]])
    #expect(try await run(["sif", "build", "big.sif", "oci:layout"]).code == .success)
    let bytes = try PosixFileSystem().contents(of: directory / "big.sif", limit: 1 << 20)
    let partition = try #require(bytes.firstRange(of: Array("hsqs".utf8))?.lowerBound)
    for seed in 0..<20 {
      var random = SeededGenerator(seed: UInt64(seed))
      var damaged = bytes
      damaged[Int.random(in: partition + 200..<partition + 20_000, using: &random)] ^= 0x55
      try PosixFileSystem().replace(directory / "bad.sif", with: damaged, mode: 0o644)
      let verified = try await run(["sif", "verify", "bad.sif"])
      #expect(verified.code == .failure && verified.output.contains("is damaged"), "\(seed) \(verified)")
    }
  }

  /// Compressors of squashfs that no door leads to: whether the files are whole nobody knows.
  @Test(arguments: zip([2, 3, 4, 5] as [UInt8], ["lzma", "lzo", "xz", "lz4"]))
  func verifyNamesWhatItDidNotRead(number: UInt8, name: String) async throws {
    var bytes = try PosixFileSystem().contents(of: directory / "app.sif", limit: 1 << 20)
    bytes[try #require(bytes.firstRange(of: Array("hsqs".utf8))?.lowerBound) + 20] = number
    try PosixFileSystem().replace(directory / "other.sif", with: bytes, mode: 0o644)
    let verified = try await run(["sif", "verify", "other.sif"])
    #expect(verified.code == .success && verified.output.contains("is compressed with \(name), and only gzip and zstd"))
    #expect(verified.output.contains("other.sif can be read as far as it was tried: 4 objects"), "\(verified)")
    let json = try JSONValue(parsing: try await run(["sif", "verify", "other.sif", "--json"]).output)
    #expect(json["unread"]?.array?.count == 1 && json["faults"]?.array?.isEmpty == true)
  }

  @Test(arguments: ["list", "inspect", "verify", "extract-definition"])
  func whatIsNoSIFIsOneErrorThatHelps(command: String) async throws {
    try directory.write("text", "this is a text")
    let (code, output, errors) = try await run(["sif", command, "text"])
    #expect(code == .failure && output == "")
    #expect(errors.hasPrefix("text: error: the file ends within the header of a SIF (byte 14)\n"))
    let missing = try await run(["sif", command, "nowhere.sif"])
    #expect(missing.code == .failure && missing.errors.contains("No such file or directory"))
  }
}
