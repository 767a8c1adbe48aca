import DefinitionLint
import HostSystem
import ImageModel
import TestSupport
import Testing

/// Each rule finds its fault at its place, and says nothing where there is none.
struct RuleTests {
  private static let plain = "image_sources:\n  - {name: b, tags: [latest, '1']}\n"

  @Test func aTreeWithoutFaultsIsClean() throws {
    var judgement = Judgement([
      "b/1/casa_distro_docker.yaml": Self.plain, "b/1/Dockerfile": "FROM debian:12\nCOPY x /\n", "b/1/x": "x",
    ])
    judgement.pins = ["debian:12"]
    #expect(try judgement.short() == [])
  }

  @Test(
    arguments: [
      ("FROM debian:12\n", ["a/1/Dockerfile:1 note unpinned-base"]),
      ("FROM p\n", ["a/1/Dockerfile:1 warning floating-base"]),
      (
        "FROM scratch\n\nFROM p:latest\n",
        ["a/1/Dockerfile:1 note unneeded-stage", "a/1/Dockerfile:3 warning floating-base"]
      ),
      ("FROM p@sha256:\(String(repeating: "a", count: 64))\n", []),
      ("FROM scratch AS x\nFROM scratch\nCOPY --from=x / /\n", []),
      ("FROM scratch\nADD https://example.org/x /\n", ["a/1/Dockerfile:2 warning remote-source"]),
      ("FROM scratch\nADD --checksum=sha256:12 https://example.org/x /\n", []),
      ("FROM scratch\nARG U=https://example.org\nADD $U/x /\n", ["a/1/Dockerfile:3 warning remote-source"]),
      ("FROM scratch\nADD https://example.org/x.git#main /\n", ["a/1/Dockerfile:2 warning remote-source"]),
      ("FROM scratch\nADD https://example.org/x.git#\(String(repeating: "a", count: 40)):dir /\n", []),
      ("FROM scratch\nCOPY missing /\n", ["a/1/Dockerfile:2 error missing-source"]),
      ("FROM scratch\nCOPY Dockerfile \\\n  missing /\n", ["a/1/Dockerfile:3 error missing-source"]),
      ("FROM scratch\nCOPY missing* /\n", ["a/1/Dockerfile:2 warning missing-source"]),
      ("FROM scratch\nCOPY casa_distro_docker.yaml /\n", ["a/1/Dockerfile:2 error missing-source"]),
      (
        "FROM scratch\nRUN --mount=type=bind,source=missing,target=/x true\n", ["a/1/Dockerfile:2 error missing-source"]
      ),
      ("FROM scratch AS x\nCOPY missing /\nFROM scratch\n", ["a/1/Dockerfile:1 note unneeded-stage"]),
      ("FROM p:1\nCOPY ${WHERE}/x /\n", ["a/1/Dockerfile:2 note whole-context"]),
      ("FROM scratch AS x\nFROM x AS x\n", ["a/1/Dockerfile:2 warning repeated-stage"]),
      ("FROM scratch\nCOPY --form=x Dockerfile /\n", ["a/1/Dockerfile:2 warning unknown-flag"]),
    ])
  func aDockerfileIsJudged(dockerfile: String, expected: [String]) throws {
    var judgement = Judgement(dockerfile: dockerfile)
    judgement.pins = ["p:1", "p"]
    let found = try judgement.findings()
    #expect(try judgement.short() == expected)
    for finding in found {
      #expect(finding.help != nil && finding.sourceLine != nil, "\(finding)")
      #expect(finding.location?.column ?? 0 > 0)
    }
  }

  @Test func whatTheIgnoreFileLeavesOutIsNamedWithItsLine() throws {
    let judgement = Judgement(
      dockerfile: "FROM scratch\nCOPY data/x /\n", ["a/1/.dockerignore": "# all\n\ndata\n", "a/1/data/x": ""])
    let found = try judgement.findings()
    #expect(found.map(\.message) == ["'data/x' is left out by 'data', line 3 of .dockerignore"])
  }

  @Test func aSourceThatIsAlmostRightIsSuggested() throws {
    let judgement = Judgement(dockerfile: "FROM scratch\nCOPY data/confg.txt /\n", ["a/1/data/config.txt": ""])
    #expect(try judgement.findings().map(\.help) == ["did you mean 'data/config.txt'?"])
  }

  @Test func linksOnTheWayToASourceAreFollowed() throws {
    let judgement = Judgement(
      dockerfile: "FROM scratch\nCOPY way/x /\nCOPY */y /\n", ["a/1/real/x": "", "a/1/real/y": ""])
    try judgement.files.createLink("/r/share/docker/a/1/way", to: "real")
    #expect(try judgement.short() == [])
  }

  @Test func namesThatNothingTakesAreFound() throws {
    let judgement = Judgement(
      dockerfile: "ARG JOBS\nFROM scratch\nARG OTHER\n",
      source: "build_args:\n  JOB: '4'\n  OTHER: x\n  HTTP_PROXY: x\n  TARGETARCH: x\n  BUILDKIT_INLINE_CACHE: '1'\n"
        + "template_files_parameters: {x: '1', used: '2'}\n",
      ["a/1/text.template": "%(used)s"])
    #expect(
      try judgement.short() == [
        "a/1/casa_distro_docker.yaml:5 warning unused-argument",
        "a/1/casa_distro_docker.yaml:10 note unused-parameter",
      ])
    #expect(try judgement.findings()[0].help == "did you mean 'JOBS'?")
  }

  @Test func aParameterThatImagesShareIsUsedByOne() throws {
    let judgement = Judgement([
      "a/casa_distro_docker.yaml": """
      image_sources:
        - name: a
          tags: ['1']
          template_files_parameters: &shared {x: one}
        - name: b
          tags: ['%(x)s']
          template_files_parameters: *shared

      """, "a/Dockerfile": "FROM scratch\n",
    ])
    #expect(try judgement.short() == [])
  }

  @Test func usesAndDependenciesAreCompared() throws {
    let judgement = Judgement([
      "b/1/casa_distro_docker.yaml": Self.plain, "b/1/Dockerfile": "FROM scratch\n",
      "c/1/casa_distro_docker.yaml": "image_sources:\n  - {name: c, tags: ['1']}\n", "c/1/Dockerfile": "FROM b\n",
      "d/1/casa_distro_docker.yaml":
        "dependencies:\n  - ../../b\n  - ../../c\n  - ../../none\nimage_sources:\n  - {name: d, tags: ['1']}\n",
      "d/1/Dockerfile": "FROM cati/b:1\n", "none/x": "",
    ])
    #expect(
      try judgement.short() == [
        "c/1/Dockerfile:1 warning undeclared-use", "d/1/casa_distro_docker.yaml:3 note unused-dependency",
        "d/1/casa_distro_docker.yaml:4 warning empty-dependency",
      ])
    #expect(try judgement.findings()[0].help?.contains("'- ../../b/1'") == true)
  }

  @Test func definitionsThatStandAloneAreFound() throws {
    var judgement = Judgement([
      "x/casa_distro_docker.yaml": "image_sources:\n  - {name: x, tags: ['1']}\n", "y/Dockerfile": "FROM scratch\n",
      "b/1/casa_distro_docker.yaml":
        "image_sources:\n  - {name: b, tags: [z, z, '1']}\n  - {name: b, tags: [z, '2']}\n",
      "b/1/Dockerfile": "FROM scratch\n",
    ])
    judgement.files.write("/builtin/docker/b/1/casa_distro_docker.yaml", Self.plain)
    judgement.builtin = "/builtin"
    #expect(
      try judgement.short() == [
        "b/1/casa_distro_docker.yaml:1 note hidden-definition", "b/1/casa_distro_docker.yaml:2 warning contested-alias",
        "b/1/casa_distro_docker.yaml:2 warning repeated-tag", "x/casa_distro_docker.yaml:1 warning missing-dockerfile",
        "y/Dockerfile warning missing-definition",
      ])
  }

  /// What triggers of a base take is missing in the build in which they fire, and told at its `FROM`.
  @Test func whatABaseDecidesIsJudgedWhereItIsUsed() throws {
    let judgement = Judgement(
      dockerfile: "FROM cati/base:1\n\nCOPY ${DIR}/file absent /\n", ["a/1/one/file": "", "a/1/there": ""])
    judgement.files.write(
      "/r/share/docker/base/1/casa_distro_docker.yaml", "image_sources:\n  - {name: base, tags: ['1']}\n")
    judgement.files.write(
      "/r/share/docker/base/1/Dockerfile",
      "FROM scratch\nARG D=one\nENV DIR=$D\nONBUILD COPY missing /\nONBUILD COPY there /\n")
    let found = try judgement.short()
    #expect(
      found == [
        "a/1/Dockerfile:1 error missing-source", "a/1/Dockerfile:1 warning undeclared-use",
        "a/1/Dockerfile:3 error missing-source",
      ])
  }

  @Test func aGeneratedFileThatNothingReachesIsFound() throws {
    let top =
      "generate:\n  - {output: one, command: [touch, '{output}']}\n  - {output: two, command: [touch, '{output}']}\n"
    let judgement = Judgement(dockerfile: "FROM scratch\nCOPY one /\n", top: top)
    #expect(try judgement.short() == ["a/1/casa_distro_docker.yaml:6 warning unreached-output"])
    judgement.files.write("/r/share/docker/a/1/.dockerignore", "one\n")
    #expect(
      try judgement.short() == [
        "a/1/Dockerfile:2 error missing-source", "a/1/casa_distro_docker.yaml:5 warning unreached-output",
        "a/1/casa_distro_docker.yaml:6 warning unreached-output",
      ])
  }

  @Test func onlyFilesThatTheBuildCanSeeMakeAContextLarge() throws {
    let text = String(repeating: "x", count: 900)
    let contents: [FilePath: String] = ["a/1/data/one": text, "a/1/data/two": text, "a/1/three": text]
    #expect(try Judgement(dockerfile: "FROM scratch\nCOPY data/one /\n", contents).short() == [])
    let judgement = Judgement(dockerfile: "FROM scratch\nCOPY three /\nCOPY data /\n", contents)
    #expect(try judgement.short() == ["a/1/Dockerfile:3 warning large-context"])
    #expect(try judgement.findings()[0].message.contains("2.7 kB in 3 files, more than 1.0 kB") == true)
    #expect(
      try Judgement(
        dockerfile: "FROM scratch\nCOPY three data /\n", contents.merging(["a/1/.dockerignore": "data/t*"]) { $1 }
      )
      .short() == ["a/1/Dockerfile:2 warning large-context"])
  }

  @Test(
    arguments: [
      ("id_rsa", "", true), ("x/id_ed25519", "", true), ("id_rsa.pub", "", false), ("my_id_rsa", "", false),
      ("server.pem", "-----BEGIN RSA PRIVATE KEY-----", true), ("server.pem", "-----BEGIN CERTIFICATE-----", false),
      ("x.key", "-----BEGIN PRIVATE KEY-----", true), ("app.key", "nothing", false), ("x.kdbx", "", true),
      (".netrc", "machine x login y password z", true), (".netrc", "machine x", false),
      (".git-credentials", "", true), (".docker/config.json", "{\"auths\":{\"x\":{\"auth\":\"YQ==\"}}}", true),
      (".docker/config.json", "{\"auths\":{}}", false), ("config.json", "{\"auth\":1}", false),
      ("home/.aws/credentials", "", true), (".npmrc", "//x/:_authToken=1", true), (".npmrc", "color=true", false),
      (".pypirc", "password = x", true), (".env", "DB_PASSWORD=x", true), (".env", "MODE=dev", false),
      (".env.production", "API_TOKEN=x", true), (".env.example", "API_TOKEN=x", false),
      ("environment", "TOKEN=x", false),
      ("service-account.json", "{\"private_key\": \"x\"}", true), ("services.json", "{\"private_key\": 1}", false),
      ("data.p12", "", true),
    ])
  func secretsAreKnownByNameAndFirstBytes(name: String, text: String, isSecret: Bool) throws {
    let judgement = Judgement(dockerfile: "FROM scratch\nCOPY . /\n", [FilePath("a/1/\(name)"): text])
    #expect(try judgement.short() == (isSecret ? ["a/1/Dockerfile:2 warning secret-file"] : []))
    judgement.files.write("/r/share/docker/a/1/.dockerignore", "**/\(name)\n")
    #expect(try judgement.short() == [])
  }

  @Test func onlySuspiciousFilesAreReadAndOnlyTheirBeginning() throws {
    var judgement = Judgement(
      dockerfile: "FROM scratch\nCOPY . /\n",
      [
        "a/1/big.bin": String(repeating: "x", count: 100_000),
        "a/1/late.pem": String(repeating: " ", count: 4096) + "PRIVATE KEY",
      ])
    judgement.limit = ByteCount(1 << 30)
    #expect(try judgement.short() == [])
    let touched = judgement.files.journal.filter { $0.operation == .read || $0.operation == .hash }.map(\.path)
    #expect(touched.contains("/r/share/docker/a/1/late.pem"))
    #expect(!touched.contains("/r/share/docker/a/1/big.bin"))
  }

  @Test func linksThatLeadNowhereAreFound() throws {
    let top = "generate:\n  - {output: made/x, command: [touch, '{output}']}\n"
    let judgement = Judgement(
      dockerfile: "FROM scratch\nCOPY Dockerfile links /\nCOPY made /made\n", top: top, ["a/1/links/file": ""])
    for (name, target) in [
      ("good", "../Dockerfile"), ("bad", "nowhere"), ("image", "/no/such/place"), ("later", "../made/x"),
    ] {
      try judgement.files.createLink(FilePath("/r/share/docker/a/1/links/\(name)"), to: FilePath(target))
    }
    #expect(
      try judgement.short() == ["a/1/Dockerfile:2 warning dangling-link", "a/1/Dockerfile:2 note dangling-link"])
  }

  @Test func whatCannotBeReadIsAnErrorWithoutRule() throws {
    let judgement = Judgement(dockerfile: "FROM scratch\nCOPY sub x /\n", ["a/1/sub/x": "", "a/1/x": ""])
    judgement.files.injectFailures { operation, path in
      guard operation == .list && path.name == "sub" else { return nil }
      return FileSystemError(operation: "open", path: path, reason: .notPermitted, text: "Permission denied")
    }
    let found = try judgement.findings()
    #expect(found.contains { $0.severity == .error && $0.rule == nil && $0.message.contains("Permission denied") })
  }
}
