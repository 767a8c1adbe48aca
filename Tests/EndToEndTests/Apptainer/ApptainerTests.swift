import HostSystem
import ImageModel
import JSONText
import SIFFormat
import TestSupport
import Testing

/// Our files in the real Apptainer, and its files in our reader. `make interop` installs it.
@Suite(.enabled(if: Apptainer.installed != nil, "make interop runs these"), .serialized)
struct ApptainerTests {
  private static let quoting =
    #"{"Env":["PATH=/bin","A=plain words"],"Entrypoint":["/bin/words","e 1","$HOME","`id`","a'b","x\"y","b\\s"],"Cmd":["c 1","$A",""]}"#
  private static let labelled =
    #"{"Env":["PATH=/bin"],"Cmd":["words","only the command"],"Labels":{"b":"<&>","a":"é"},"User":"1","WorkingDir":"/etc"}"#

  /// Every form that ENTRYPOINT and CMD have in a Dockerfile, with and without the other one.
  private static let configs = [
    quoting, labelled,
    #"{"Env":["PATH=/bin","B-C=1"],"Entrypoint":["words"]}"#,
    // CMD echo $0 $HOME
    #"{"Env":["PATH=/bin"],"Cmd":["/bin/sh","-c","echo $0 $HOME"]}"#,
    // ENTRYPOINT words $0 "$@" && echo done; CMD ["a b", "c"]
    #"{"Env":["PATH=/bin"],"Entrypoint":["/bin/sh","-c","words $0 \"$@\" && echo done"],"Cmd":["a b","c"]}"#,
    // ENTRYPOINT exec words "$1"; CMD echo of the command
    #"{"Env":["PATH=/bin"],"Entrypoint":["/bin/sh","-c","exec words \"$1\""],"Cmd":["/bin/sh","-c","echo of the command"]}"#,
    #"{"Env":null,"Entrypoint":["sh","-c","words none; exit 7"],"Cmd":null}"#,
    #"{"Env":["PATH=/bin"],"Entrypoint":[],"Cmd":[]}"#,
    #"{}"#,
    ##"{"Entrypoint":["words","","*","~","a;b","x && y","> z","#c","!d","{e,f}"],"Cmd":["tab\there","line\nend","\\","\\n","''","é","-"]}"##,
    #"{"Entrypoint":["/nowhere/to/be/found"]}"#, #"{"Cmd":["/etc/passwd"]}"#,
  ]

  private func image(_ config: String) async throws -> ConvertedImage {
    try await ConvertedImage(config: config, apptainer: try #require(Apptainer.installed))
  }

  private func expectSame(_ image: ConvertedImage, _ words: [String], ours: String = "ours.sif") async throws {
    for (who, theirs, ours) in try await image.both(words, ours: ours) {
      #expect(
        Self.shown(ours) == Self.shown(theirs) && ours.status == theirs.status,
        "\(who): \(words)\n\(ours.errors.suffix(500))\n\(theirs.errors.suffix(500))")
    }
  }

  /// Without the name of the file and the number of a process, which `set` shows where nothing is to be run.
  private static func shown(_ run: Apptainer.Run) -> [Substring] {
    run.output.split(separator: "\n", omittingEmptySubsequences: false).filter {
      !$0.hasPrefix("PPID=") && !$0.contains(".sif'")
    }
  }

  @Test(arguments: configs) func runDoesTheSame(config: String) async throws {
    let image = try await image(config)
    try await expectSame(image, ["apptainer", "run", "FILE"])
    try await expectSame(image, ["apptainer", "run", "FILE", "x", "a b", "$A", "it's", "", "*"])
    try await expectSame(image, ["apptainer", "run", "--no-eval", "FILE", "$A", "a\"b", "`id`"])
    try await expectSame(image, ["apptainer", "run", "--no-eval", "FILE"])
  }

  @Test func whateverStartsAProgramDoesTheSame() async throws {
    let image = try await image(Self.quoting)
    try await image.makeOurs("zstd.sif", "--compression=zstd")
    for words in [
      ["apptainer", "run", "FILE", "a b"], ["sh", "-c", "exec ./$0 'of the file itself'", "FILE"],
      ["apptainer", "exec", "FILE", "words", "a b", "$A"],
      ["apptainer", "exec", "--env", "E=of me", "FILE", "sh", "-c", "echo $E $A"],
      [
        "env", "APPTAINERENV_PREPEND_PATH=/first", "APPTAINERENV_APPEND_PATH=/last", "apptainer", "exec", "FILE", "sh",
        "-c", "echo $PATH $LD_LIBRARY_PATH",
      ],
      [
        "env", "APPTAINERENV_PATH=/bin:/only", "APPTAINERENV_A=mine", "apptainer", "exec", "FILE", "sh", "-c",
        "echo $PATH $A",
      ],
      ["apptainer", "exec", "FILE", "busybox", "readlink", "-f", "/singularity", "/.run", "/environment"],
      ["apptainer", "exec", "FILE", "busybox", "find", "/.singularity.d"],
      ["apptainer", "exec", "--containall", "--no-home", "FILE", "sh", "-c", "echo $A; ls /"],
      ["apptainer", "exec", "--writable-tmpfs", "FILE", "sh", "-c", "echo new > /new && cat /new"],
      ["apptainer", "exec", "--bind", "/tmp:/mnt/of/host", "FILE", "sh", "-c", "ls -d /mnt/of/host"],
      ["apptainer", "shell", "FILE", "-c", "echo $A"],
      ["apptainer", "exec", "FILE", "/.singularity.d/actions/run", "x", "$A"],
      ["apptainer", "exec", "FILE", "/.singularity.d/actions/exec", "words", "$A"],
    ] {
      try await expectSame(image, words)
      try await expectSame(image, words, ours: "zstd.sif")
    }
  }

  /// Where the two have words of their own.
  @Test func whatIsNotThereFailsAlike() async throws {
    let image = try await image(Self.quoting)
    for words in [
      ["test", "FILE"], ["exec", "FILE", "/.singularity.d/actions/test"], ["run", "--app", "none", "FILE"],
      ["exec", "--app", "none", "FILE", "true"], ["test", "--app", "none", "FILE"], ["exec", "FILE", "none"],
      ["inspect", "--test", "FILE"], ["inspect", "--helpfile", "FILE"], ["inspect", "--list-apps", "FILE"],
    ] {
      for (who, theirs, ours) in try await image.both(["apptainer"] + words) {
        #expect(ours.status == theirs.status, "\(who): \(words) \(ours.errors.suffix(500))")
      }
    }
  }

  /// As the config says it; of the values that Apptainer 1.4 evaluates ours are right.
  @Test func theEnvironmentIsThatOfTheImage() async throws {
    let plain = [
      "PATH=/bin:/usr/bin", "A=plain words", "E=", "N", "U=é ü", "I=it's", "LD_LIBRARY_PATH=/of/image", "T=a=b",
      "W-X=1",
    ]
    let odd = ["D=$HOME", "Q=a\"b", "B=`id`", "S=back\\slash", "P=<(true)", "L=two\nlines"]
    func environment(_ entries: [String]) async throws -> [(theirs: Set<String>, ours: Set<String>)] {
      let image = try await image((["Env": .array(entries.map { .string($0) })] as JSONValue).text)
      func variables(_ run: Apptainer.Run) throws -> Set<String> {
        try #require(run.status.isSuccess, "\(run.errors.suffix(500))")
        // What names the file.
        return Set(run.output.split(separator: "\0").map(String.init)).filter {
          !$0.hasPrefix("APPTAINER_") && !$0.hasPrefix("SINGULARITY_")
        }
      }
      // The shell adds variables of its own, but to both.
      return try await image.both(["apptainer", "exec", "FILE", "env", "-0"]).map {
        (try variables($0.theirs), try variables($0.ours))
      }
    }
    for (theirs, ours) in try await environment(plain) {
      #expect(ours == theirs)
      #expect(ours.isSuperset(of: ["A=plain words", "E=", "N=", "U=é ü", "I=it's", "T=a=b"]), "\(ours)")
    }
    for (theirs, ours) in try await environment(["PATH=/bin"] + odd) {
      #expect(ours.isSuperset(of: odd), "\(ours)")
      #expect(!theirs.isSuperset(of: odd), "Apptainer takes them as they are now: strike that from docs/design.md")
    }
  }

  @Test func inspectShowsWhatWeSay() async throws {
    let image = try await image(Self.labelled)
    let (apptainer, id) = (image.apptainer, try image.id())
    let labels = try await apptainer.output(["apptainer", "inspect", "--labels", "ours.sif"], in: image.directory.path)
    #expect(labels.contains("coppice.image.config: \(id)\n") && labels.contains("a: é\nb: <&>\n"))
    for (option, text) in [
      ("--deffile", "from: \(id)"), ("--runscript", "OCI_CMD='\"words\" \"only the command\"'"),
      ("--environment", "export PATH=\"/bin\""),
    ] {
      for isUser in [false, true] {
        let shown = try await apptainer.output(
          ["apptainer", "inspect", option, "ours.sif"], in: image.directory.path, asUser: isUser)
        #expect(shown.contains(text), "\(shown)")
      }
    }
  }

  @Test func sifReadsOurHeaderAndOurTable() async throws {
    let image = try await image(Self.quoting)
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
    #expect(dumped == "bootstrap: docker-daemon\nfrom: \(try image.id())\n\n")
  }

  @Test func theirFilesAreReadAndWhole() async throws {
    let image = try await image(Self.labelled)
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

  @Test func theySignOurFileAndFindItWhole() async throws {
    let image = try await image(Self.labelled)
    let directory = image.directory.path
    for words in [
      ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "key"],
      ["openssl", "pkey", "-in", "key", "-pubout", "-out", "public"],
      ["apptainer", "sign", "--key", "key", "ours.sif"], ["apptainer", "verify", "--key", "public", "ours.sif"],
      ["apptainer", "exec", "ours.sif", "true"],
    ] {
      try await image.apptainer.output(words, in: directory)
    }
    let verified = try await image.coppice("sif", "verify", "ours.sif")
    let words = String(decoding: verified.output, as: UTF8.self)
    #expect(verified.status.isSuccess && words.contains("object 5, a signature, was not verified"), "\(words)")
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
