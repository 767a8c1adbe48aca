import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

@testable import coppice

/// `sif build` and `sif diff`, outside of any repository.
@Suite struct SIFBuildTests {
  private let directory: TemporaryDirectory
  private let files = PosixFileSystem()

  init() throws {
    directory = try TemporaryDirectory()
    var layout = try SmallLayout(directory / "layout")
    try layout.add("one", [[("a", "first"), ("b", "second")], [("c", "third"), (".wh.b", "")]])
    try layout.add("two", [[("a", "another"), ("d", "fourth")]])
  }

  private func run(
    _ words: [String], environment: [String: String] = [:]
  ) async throws -> (code: ExitCode, output: String, errors: String) {
    let line = try CommandLineRequest(words)
    let (output, errors) = (Recording(), Recording())
    let invocation = Invocation(
      request: line.request, global: line.global, environment: environment, currentDirectory: directory.path,
      output: output.output, errorOutput: errors.output, isOutputTerminal: false, style: .plain,
      diagnostics: DiagnosticText(directory: directory.path), size: { .standard })
    let code = await coppice.run(invocation)
    return (code, output.text, errors.text)
  }

  private func bytes(_ name: FilePath) throws -> [UInt8] { try files.contents(of: directory / name, limit: 1 << 24) }

  private var names: [String] {
    get throws { try files.names(of: directory.path).map { "\($0.name)" } }
  }

  @Test func anImageBecomesAFileThatIsWhole() async throws {
    let built = try await run(["sif", "build", "one.sif", "oci:layout:one"])
    #expect(built.code == .success, "\(built)")
    #expect(built.output.hasPrefix("one.sif: ") && built.output.contains(" from 2 layers in "))
    #expect(built.errors.contains("note: USER me"), "what a SIF cannot say: \(built.errors)")
    #expect(try await run(["sif", "verify", "one.sif"]).code == .success)
    #expect(try names == ["layout", "one.sif"])
  }

  @Test func anImageOfTheStoreIsFound() async throws {
    let built = try await run(["--store", "layout", "sif", "build", "one.sif", "store:one"])
    #expect(built.code == .success, "\(built)")
  }

  /// A docker of which only `image inspect` and `save` work.
  private func playDocker(size: Int) throws -> [String: String] {
    let layer = String(decoding: SmallLayout.tar([("a", "from docker")]), as: UTF8.self)
    let config = #"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["\#(Digest.sha256(layer))"]}}"#
    let archive = SmallLayout.tar([
      ("layer.tar", layer), ("config.json", config),
      ("manifest.json", #"[{"Config":"config.json","RepoTags":["app:1"],"Layers":["layer.tar"]}]"#),
    ])
    try files.replace(directory / "saved.tar", with: archive, mode: 0o644)
    try directory.write(
      "bin/docker",
      """
      #!/bin/sh
      case "$1 $2" in
      'image inspect') [ "$5" = app:1 ] && echo \(size) || { echo "Error: No such image: $5" >&2; exit 1; } ;;
      'save app:1') cat '\(directory / "saved.tar")' ;;
      *) exit 2 ;;
      esac

      """, mode: 0o755)
    try files.createDirectory(directory / "tmp")
    return [
      "PATH": "\(directory / "bin"):/usr/bin:/bin", "TMPDIR": "/nowhere", "SINGULARITY_TMPDIR": "\(directory / "tmp")",
    ]
  }

  @Test func anImageOfDockerIsSavedToTheTemporaryDirectoryAndNotLeftThere() async throws {
    let environment = try playDocker(size: 1000)
    let built = try await run(["sif", "build", "a.sif", "docker-daemon:app:1"], environment: environment)
    #expect(built.code == .success, "\(built)")
    #expect(try files.names(of: directory / "tmp").isEmpty)
    let diff = try await run(["sif", "diff", "--exit-code", "a.sif", "docker-archive:saved.tar"])
    #expect(diff.code == .success, "\(diff)")
    let missing = try await run(["sif", "build", "b.sif", "docker-daemon:app:2"], environment: environment)
    #expect(missing.code == .failure && missing.errors.contains("No such image: app:2"))
    let large = try playDocker(size: 1 << 60)
    let refused = try await run(["sif", "build", "b.sif", "docker-daemon:app:1"], environment: large)
    #expect(refused.code == .failure && refused.errors.contains("the archive of the image takes about"))
  }

  @Test func aFileThatIsThereStaysUnlessForced() async throws {
    try directory.write("one.sif", "precious")
    let refused = try await run(["sif", "build", "one.sif", "oci:layout:one"])
    #expect(refused.code == .invalid && refused.errors.contains("--force replaces it"))
    #expect(try directory.text("one.sif") == "precious")
    #expect(try await run(["sif", "build", "-f", "one.sif", "oci:layout:one"]).code == .success)
    #expect(try bytes("one.sif").starts(with: Array("#!/usr/bin/env run-singularity".utf8)))
  }

  @Test func theResultIsToldToPrograms() async throws {
    let built = try await run(["sif", "build", "one.sif", "oci:layout:one", "--json"])
    let json = try JSONValue(parsing: built.output)
    let file = try bytes("one.sif")
    #expect(json["sha256"]?.string == Digest.sha256(file).hex && json["size"] == .integer(file.count))
    #expect(json["layers"] == 2 && json["diagnostics"]?.array?.isEmpty == false && built.errors.contains("USER"))
  }

  @Test func theBytesDependOnImageAndCompressionAlone() async throws {
    for words in [[], ["--compression", "zstd"], ["--level", "9"], ["--compression", "zstd", "--level", "1"]] {
      #expect(try await run(["sif", "build", "-f", "a.sif", "oci:layout:one"] + words).code == .success)
      #expect(try await run(["sif", "build", "-f", "b.sif", "oci:layout:one"] + words).code == .success)
      #expect(try bytes("a.sif") == bytes("b.sif"))
      #expect(try await run(["sif", "verify", "a.sif"]).code == .success)
    }
  }

  @Test func sourceDateEpochBoundsAllTimes() async throws {
    let old = try await run(
      ["sif", "build", "a.sif", "oci:layout:one"], environment: ["SOURCE_DATE_EPOCH": "10"])
    #expect(old.code == .success)
    #expect(try await run(["sif", "build", "b.sif", "oci:layout:one"]).code == .success)
    #expect(try bytes("a.sif") != bytes("b.sif"))
    let wrong = try await run(["sif", "build", "c.sif", "oci:layout:one"], environment: ["SOURCE_DATE_EPOCH": "x"])
    #expect(wrong.code == .invalid && wrong.errors.contains("SOURCE_DATE_EPOCH"))
  }

  @Test(arguments: [
    (["oci:nowhere"], "there is no "), (["oci:layout"], "choose by name: there are one, two"),
    (["oci:layout:three"], "it has no image `three`"), (["not an image"], "is no image"),
    (["docker-daemon:--help"], "is no image"),
    (["docker-daemon:"], "names no image"), (["docker-archive:layout/oci-layout"], "is no tar archive"),
    (["oci:layout:one", "--platform", "linux/s390x"], "has no image for linux/s390x"),
    (["oci:layout:one", "--platform", "s390x"], "--platform needs OS/ARCH"),
    (["oci:layout:one", "--level", "13"], "1 to 12 for gzip"),
  ]) func whatCannotBeDoneIsSaidAndLeavesNothing(_ words: [String], _ expected: String) async throws {
    let built: (code: ExitCode, output: String, errors: String)
    do {
      built = try await run(["sif", "build", "one.sif"] + words)
    } catch let fault as InvalidInput {
      #expect(fault.diagnostics.contains { $0.message.contains(expected) })
      return
    }
    #expect(built.code != .success && built.errors.contains(expected), "\(built)")
    #expect(try names == ["layout"])
  }

  @Test func damagedLayersLeaveNothing() async throws {
    let blobs = directory / "layout/blobs/sha256"
    for entry in try files.entries(of: blobs) {
      let whole = try files.contents(of: blobs / entry.name, limit: 1 << 20)
      var damaged = whole
      damaged[damaged.count / 2] ^= 1
      try files.replace(blobs / entry.name, with: damaged, mode: 0o644)
      let built = try await run(["sif", "build", "one.sif", "oci:layout:one"])
      if built.code != .success { #expect(try names == ["layout"]) }
      try files.replace(blobs / entry.name, with: whole, mode: 0o644)
      if built.code == .success { try files.remove(directory / "one.sif") }
    }
  }

  @Test func aFileDiffersFromItsSourceInNothing() async throws {
    #expect(try await run(["sif", "build", "one.sif", "oci:layout:one"]).code == .success)
    for words in [["one.sif", "oci:layout:one"], ["oci:layout:one", "one.sif"], ["one.sif", "one.sif"]] {
      let diff = try await run(["sif", "diff", "--exit-code"] + words)
      #expect(diff.code == .success && diff.output.hasPrefix("no differences\n"), "\(diff)")
    }
  }

  @Test func whatDiffersIsTold() async throws {
    #expect(try await run(["sif", "build", "two.sif", "oci:layout:two"]).code == .success)
    let diff = try await run(["sif", "diff", "oci:layout:one", "two.sif", "--exit-code"])
    #expect(diff.code == .workToDo)
    #expect(
      diff.output.hasPrefix(
        """
        - /c: file, 5 B
        + /d: file, 6 B
        ~ /a: size 5 → 7, content
        1 removed (5 B), 1 added (6 B), 1 changed

        """), "\(diff.output)")
    let json = try JSONValue(parsing: try await run(["sif", "diff", "oci:layout:one", "two.sif", "--json"]).output)
    #expect(json["removed"]?[0]?["path"] == "/c" && json["added"]?[0]?["sha256"]?.string != nil)
    #expect(json["changed"]?[0]?["differs"]?.strings == ["size", "content"])
  }
}
