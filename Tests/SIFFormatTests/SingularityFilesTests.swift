import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

@testable import SIFFormat

struct SingularityFilesTests {
  private func config(_ config: String, architecture: String = "amd64") throws -> OCIConfig {
    try OCIConfig(Array(#"{"os":"linux","architecture":"\#(architecture)","config":\#(config)}"#.utf8))
  }

  private func text(_ files: SingularityFiles, _ path: FilePath) throws -> String {
    String(decoding: try #require(files.files.first { $0.path == ".singularity.d" / path }).bytes, as: UTF8.self)
  }

  @Test func theLinesThatRuntimesLookForAreThere() throws {
    let files = SingularityFiles(try config(#"{"Cmd":["sh"],"Env":["PATH=/bin","A=$x"]}"#), writer: "coppice 1")
    let runscript = try text(files, "runscript")
    #expect(runscript.contains("\neval \"set ${SINGULARITY_OCI_RUN}\"\n") && runscript.hasPrefix("#!/bin/sh\n"))
    #expect(runscript.contains("\nOCI_ENTRYPOINT=''\nOCI_CMD='\"sh\"'\n") || runscript.contains("OCI_CMD='\"sh\"'\n"))
    #expect(
      try text(files, "env/10-docker2singularity.sh")
        == "#!/bin/sh\nexport PATH=\"/bin\"\nexport A=\"${A:-\"\\$x\"}\"\n")
    #expect(try text(files, "actions/start").split(separator: "\n")[1] == "kill -CONT 1")
    let paths = files.files.map(\.path.description)
    for path in [
      "actions/exec", "actions/run", "actions/shell", "actions/start", "actions/test", "env/01-base.sh",
      "env/10-docker2singularity.sh", "env/90-environment.sh", "env/95-apps.sh", "env/99-base.sh",
      "env/99-runtimevars.sh", "labels.json", "runscript", "startscript", "Singularity",
    ] {
      #expect(paths.contains(".singularity.d/" + path))
    }
    #expect(Set(paths).count == paths.count)
    for file in files.files {
      #expect(
        file.mode == ([".singularity.d/labels.json", ".singularity.d/Singularity"].contains(file.path) ? 0o644 : 0o755))
    }
  }

  @Test func theLabelsNameTheImageAndTheWriterAndNothingElse() throws {
    let config = try config(#"{"Labels":{"b":"2","a":"<é>","coppice.image.config":"forged"}}"#)
    let files = SingularityFiles(config, writer: "coppice 1")
    let labels = try JSONValue(parsing: try text(files, "labels.json"))
    #expect(
      labels == [
        "a": "<é>", "b": "2", "coppice.image.config": .string(config.digest.description),
        "coppice.sif.writer": "coppice 1",
      ])
    let again = SingularityFiles(config, writer: "coppice 1")
    #expect(again.files == files.files && again.objects == files.objects)
  }

  @Test func theObjectsAreThoseThatInspectReads() throws {
    let config = try config(#"{"User":"1","Cmd":["a b"],"Env":["X=y"]}"#)
    let files = SingularityFiles(config, writer: "w")
    let bytes = try WrittenBytes.of(files.objects)
    let file = MemoryFile(bytes, path: "a.sif")
    let image = try SIFImage(reading: file)
    #expect(image.objects.map(\.type) == [.definition, .json, .json, .partition])
    #expect(image.objects.map(\.text) == ["", "inspect-metadata.json", "oci-config.json", ""])
    let metadata = try SIFMetadata(image, in: file)
    #expect(metadata.definition == "bootstrap: docker-daemon\nfrom: \(config.digest)\n\n")
    #expect(metadata.labels["coppice.sif.writer"] == "w")
    #expect(try metadata.runscript.map { $0 + "\n" } == text(files, "runscript"))
    #expect(metadata.environment.keys.sorted() == ["/.singularity.d/env/10-docker2singularity.sh"])
    #expect(metadata.inspect?["type"] == "container")
    #expect(metadata.ociConfig?.text == #"{"User":"1","Cmd":["a b"],"Env":["X=y"]}"#)
    #expect(try SIFVerification(image, in: file).faults.isEmpty)
  }

  @Test func whatASIFCannotHaveIsTold() throws {
    let full = """
      {"User":"web","WorkingDir":"/srv","Volumes":{"/b":{},"/a":{}},"ExposedPorts":{"80/tcp":{}},
      "Healthcheck":{"Test":["CMD","x"]},"StopSignal":"SIGINT","Env":["A-B=1","C=2"]}
      """
    let messages = SingularityFiles(try config(full), writer: "w").diagnostics.map(\.message)
    let words = [
      "USER web", "WORKDIR /srv", "VOLUME /a", "VOLUME /b", "EXPOSE 80/tcp", "HEALTHCHECK", "STOPSIGNAL SIGINT",
    ]
    for (message, word) in zip(messages, words) { #expect(message.hasPrefix(word + " has no effect in a SIF")) }
    #expect(messages.count == words.count + 1)
    #expect(messages.last?.hasPrefix("the environment variable 'A-B' is left out") == true)
    for plain in [
      "{}", "null", #"{"User":"root","WorkingDir":"/","Volumes":null,"Healthcheck":{"Test":["NONE"]},"StopSignal":""}"#,
    ] {
      #expect(SingularityFiles(try config(plain), writer: "w").diagnostics.isEmpty)
    }
  }

  @Test func aConfigThatIsNoneIsRefused() throws {
    for text in [
      "", "[]", "{", #"{"config":3}"#, #"{"config":{"Cmd":"sh"}}"#, #"{"config":{"Env":[1]}}"#,
      #"{"config":{"Labels":{"a":1}}}"#, #"{"config":{"Entrypoint":["a\u0000b"]}}"#,
    ] {
      let failure = try #require(throws: Failure.self) { try OCIConfig(Array(text.utf8)) }
      #expect(failure.message.contains("is not valid"), "\(text)")
    }
    #expect(throws: Failure.self) { try OCIConfig(Array("{}".utf8)).architecture() }
    #expect(throws: Failure.self) { try config("{}", architecture: "z80").architecture() }
    #expect(try config("{}", architecture: "riscv64").architecture() == .riscv64)
    #expect(try config(#"{"Cmd":null,"Entrypoint":null,"Env":null,"Labels":null}"#).command.isEmpty)
  }
}
