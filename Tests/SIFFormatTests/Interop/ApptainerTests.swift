import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

@testable import SIFFormat

/// Our files in the real Apptainer, and its files in our reader. `make interop` installs it.
@Suite(.enabled(if: Apptainer.installed != nil, "make interop runs these"), .serialized)
struct ApptainerTests {
  private static let configs = [
    #"{"Env":["PATH=/bin","A=plain words"],"Entrypoint":["/bin/words","e 1","$HOME","`id`","a'b","x\"y","b\\s"],"Cmd":["c 1","$A",""]}"#,
    #"{"Env":["PATH=/bin"],"Cmd":["words","only the command"],"Labels":{"b":"<&>","a":"é"},"User":"1","WorkingDir":"/etc"}"#,
    #"{"Env":["PATH=/bin","B-C=1"],"Entrypoint":["words"]}"#,
    #"{"Env":["PATH=/bin"],"Cmd":["/bin/sh","-c","echo $0 $HOME"]}"#,
  ]

  private func image(_ config: String) async throws -> SampleImage {
    try await SampleImage(config, apptainer: try #require(Apptainer.installed))
  }

  @Test(arguments: configs) func runAndExecDoTheSame(config: String) async throws {
    let image = try await image(config)
    for words in [
      ["apptainer", "run", "FILE"], ["apptainer", "run", "FILE", "x", "a b", "$A", "it's"],
      ["apptainer", "exec", "FILE", "words", "a b", "$A"],
      ["apptainer", "exec", "--env", "E=of me", "FILE", "sh", "-c", "echo $E $A"],
      [
        "env", "APPTAINERENV_PREPEND_PATH=/first", "apptainer", "exec", "FILE", "sh", "-c",
        "echo $PATH $LD_LIBRARY_PATH",
      ],
      ["apptainer", "run", "--no-eval", "FILE", "$A", "a\"b"],
      ["apptainer", "exec", "FILE", "ls", "-l", "/.singularity.d/libs", "/singularity", "/.run", "/environment"],
    ] {
      for (who, theirs, ours) in try await image.both(words) {
        #expect(
          ours.output == theirs.output && ours.status == theirs.status, "\(who): \(words) \(ours.errors.suffix(500))")
      }
    }
  }

  /// Kinds, permissions, owners, names and targets of all that is added; texts and sizes are our own.
  @Test func theSameFilesAreAdded() async throws {
    let image = try await image(Self.configs[0])
    func tree(_ file: String) async throws -> [String] {
      let directory = image.directory.path
      try await image.apptainer.output(["sh", "-c", "apptainer sif dump 4 \(file) > \(file).sqfs"], in: directory)
      let listed = try await image.apptainer.output(["unsquashfs", "-lln", "\(file).sqfs"], in: directory)
      return listed.split(separator: "\n").map { line in
        let words = line.split(separator: " ")
        // Without size, day and time.
        return (words.prefix(2) + words.dropFirst(5)).joined(separator: " ")
      }
    }
    let (theirs, ours) = (try await tree("theirs.sif"), try await tree("ours.sif"))
    #expect(ours == theirs)
    #expect(ours.count > 40)
  }

  @Test func inspectShowsWhatWeSay() async throws {
    let image = try await image(Self.configs[1])
    let apptainer = image.apptainer
    let labels = try await apptainer.output(["apptainer", "inspect", "--labels", "ours.sif"], in: image.directory.path)
    #expect(labels.contains("coppice.image.config: \(image.config.digest)\n") && labels.contains("a: é\nb: <&>\n"))
    for (option, text) in [
      ("--deffile", "from: \(image.config.digest)"), ("--runscript", "OCI_CMD='\"words\" \"only the command\"'"),
      ("--environment", "export PATH=\"/bin\""),
    ] {
      let shown = try await apptainer.output(["apptainer", "inspect", option, "ours.sif"], in: image.directory.path)
      #expect(shown.contains(text), "\(shown)")
    }
  }

  @Test func sifReadsOurHeaderAndOurTable() async throws {
    let image = try await image(Self.configs[0])
    func lines(_ words: [String]) async throws -> [String] {
      try await image.apptainer.output(["apptainer", "sif"] + words, in: image.directory.path)
        .split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    }
    let (theirs, ours) = (try await lines(["header", "theirs.sif"]), try await lines(["header", "ours.sif"]))
    for name in [
      "Launch Script:", "Version:", "Primary Architecture:", "Descriptors Free:", "Descriptors Total:",
      "Descriptors Offset:", "Descriptors Size:", "Data Offset:",
    ] {
      let line = theirs.first { $0.hasPrefix(name) }
      #expect(line != nil && ours.contains(line ?? ""), "\(ours)")
    }
    // Without the places, which depend on the texts.
    func types(_ file: String) async throws -> [[String]] {
      let listed = try await image.apptainer.output(["apptainer", "sif", "list", file], in: image.directory.path)
      return listed.split(separator: "\n").map(Self.cells).filter { $0.count == 5 }.map {
        [$0[0], $0[1], $0[2], $0[4]]
      }
    }
    let (theirTypes, ourTypes) = (try await types("theirs.sif"), try await types("ours.sif"))
    #expect(theirTypes == ourTypes && ourTypes.count == 5)
    #expect(try await lines(["info", "4", "ours.sif"]).contains("Partition Type: *System"))
    let dumped = try await image.apptainer.output(
      ["apptainer", "sif", "dump", "1", "ours.sif"], in: image.directory.path)
    #expect(dumped == "bootstrap: docker-daemon\nfrom: \(image.config.digest)\n\n")
  }

  @Test func theirFilesAreReadAndWhole() async throws {
    let image = try await image(Self.configs[1])
    let file = try PosixFileSystem().openAnywhere(image.directory / "theirs.sif")
    let sif = try SIFImage(reading: file)
    #expect(sif.objects.map { "\($0.type)" } == ["Def.FILE", "JSON.Generic", "JSON.Generic", "FS"])
    #expect(sif.primaryPartition?.partition?.description == "Squashfs/*System/amd64")
    #expect(try SIFVerification(sif, in: file).faults.isEmpty)
    let metadata = try SIFMetadata(sif, in: file)
    #expect(metadata.definition == "bootstrap: oci\nfrom: image\n\n")
    #expect(metadata.labels["a"] == "é" && metadata.runscript?.contains("only the command") == true)
    #expect(metadata.ociConfig?["WorkingDir"] == "/etc")
  }

  /// What `apptainer sif` can add, one after the other, and take away again.
  @Test func everyKindOfObjectThatTheyAddIsRead() async throws {
    let directory = try TemporaryDirectory()
    let apptainer = try #require(Apptainer.installed)
    try directory.write("data", "some data\n")
    try await apptainer.output(["apptainer", "sif", "new", "a.sif"], in: directory.path)
    for options in [
      ["--datatype", "1"], ["--datatype", "2", "--groupid", "2"], ["--datatype", "3"],
      ["--datatype", "6", "--filename", "j"],
      ["--datatype", "7"], ["--datatype", "8"], ["--datatype", "9", "--sbomformat", "spdx-json"],
      ["--datatype", "5", "--signentity", "433FE984155206BD962725E20E8713472A879943", "--signhash", "1"],
      ["--datatype", "4", "--parttype", "2", "--partfs", "1", "--partarch", "4", "--groupid", "3"],
    ] {
      try await apptainer.output(["apptainer", "sif", "add"] + options + ["a.sif", "data"], in: directory.path)
    }
    try await apptainer.output(["apptainer", "sif", "del", "3", "a.sif"], in: directory.path)
    let listed = try await apptainer.output(["apptainer", "sif", "list", "a.sif"], in: directory.path)
    let image = try SIFImage(reading: try PosixFileSystem().openAnywhere(directory / "a.sif"))
    let theirs = listed.split(separator: "\n").map(Self.cells).filter { $0.count == 5 && Int($0[0]) != nil }
    let ours = image.objects.map { object -> [String] in
      let group = object.group.map { "\($0)" } ?? "NONE"
      let details = object.details.text.map { " (\($0))" } ?? ""
      let place = "\(object.range.lowerBound)-\(object.range.upperBound)"
      return ["\(object.id)", group, "NONE", place, "\(object.type)" + details]
    }
    #expect(ours == theirs)
  }

  /// The cells of a line of `apptainer sif list`.
  private static func cells(_ line: Substring) -> [String] {
    line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
  }
}
