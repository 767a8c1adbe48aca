import DefinitionScan
import ImageModel
import TestSupport
import Testing

struct DefinitionFileTests {
  /// Engines look for a file behind the link, find none, and read on as if there were no link.
  @Test func anIgnoreFileThatLeadsNowhereIsNone() throws {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition() + "  - {name: b, tags: ['1']}\n", "a/Dockerfile": "FROM x:1\n",
      "a/.dockerignore": "*.o\n",
    ])
    workshop.files.link("/r/share/docker/a/Dockerfile.dockerignore", to: "nowhere")
    let tree = workshop.scan()
    #expect(tree.image("docker/a:1")?.ignore.patterns == ["*.o"])
    #expect(tree.diagnostics.map(\.severity) == [.warning])
    #expect(tree.diagnostics.first?.location?.file == "/r/share/docker/a/Dockerfile.dockerignore")
  }

  @Test func everyKeyOfADefinitionArrivesInItsRecipe() throws {
    var workshop = Workshop([
      "a/b/casa_distro_docker.yaml": """
      dependencies: [../../c]
      image_sources:
        - name: "%(kind)s-dev"
          tags: [latest, 1.10, yes]
          visibility: private
          template_files_parameters: {kind: casa, base_image: "x:%(casa_version)s"}
          build_args: {JOBS: 4, DEBUG: no}
          secrets: [{id: token, env: SVN_TOKEN}, {id: key, file: ../key}]
          target: runtime
          platforms: [linux/arm64/v8]
          singularity: {compression: zstd, level: 19}
          test: ["/bin/sh", "-c", "command -v gcc"]
          max_age: 30d
          reproducible: true
      generate:
        - output: data/rootfs.tar
          command: [mmdebstrap, bookworm, "{output}"]
          inputs: [./packages.txt]
      """,
      "a/b/Dockerfile.template": "FROM %(base_image)s AS runtime\nRUN date +%%Y\nADD data /\n",
      "a/b/packages.txt": "gcc\n", "a/b/.dockerignore": "*.o\n", "c/x/casa_distro_docker.yaml": Workshop.definition(),
      "c/x/Dockerfile": "FROM ubuntu:24.04\n",
    ])
    workshop.settings.namespace = "org"
    let tree = workshop.scan()
    #expect(tree.diagnostics == [])
    let image = try #require(tree.image("docker/casa-dev:yes"))
    #expect(image.reference.description == "org/casa-dev:yes")
    #expect(image.aliases.map(\.description) == ["org/casa-dev:latest", "org/casa-dev:1.10"])
    #expect(image.visibility == .private)
    #expect(image.buildArguments == ["JOBS": "4", "DEBUG": "no"])
    #expect(
      image.secrets == [
        BuildSecret(id: "token", source: .environment("SVN_TOKEN")),
        BuildSecret(id: "key", source: .file("/r/share/docker/a/key")),
      ])
    #expect(image.target == "runtime")
    #expect(image.platform.description == "linux/arm64/v8")
    #expect(image.singularity == Singularity(compression: .zstd, level: 19))
    #expect(image.test == ["/bin/sh", "-c", "command -v gcc"])
    #expect(image.maxAge == .seconds(30 * 86_400))
    #expect(image.isReproducible)
    #expect(image.ignore == IgnoreFile(name: ".dockerignore", patterns: ["*.o"], lines: [1]))
    #expect(image.definition.path == "a/b")
    #expect(image.definition.directory == "/r/share/docker/a/b")
    #expect(image.renderedFiles == ["Dockerfile": Array("FROM x:1.0 AS runtime\nRUN date +%Y\nADD data /\n".utf8)])
    let generator = ArtifactID(kind: .generate, name: "a/b", tag: "data/rootfs.tar")
    #expect(image.generated == ["data/rootfs.tar": generator])
    #expect(tree.declaration("docker/casa-dev:yes")?.needs == [generator])
    #expect(tree.declaration("docker/casa-dev:yes")?.dependencies.map(\.value) == ["c"])
    #expect(tree.declaration("generate/a/b:data/rootfs.tar")?.definitionPath == "a/b")
    guard case .conversion(let conversion)? = tree.recipes.last,
      case .generator(let recipe)? = tree.recipes.dropLast().last
    else { throw Missing() }
    #expect(recipe.command == ["mmdebstrap", "bookworm", "{output}"])
    #expect(recipe.inputs.map(\.value) == ["packages.txt"])
    #expect(conversion.id.description == "sif/casa-dev:yes")
    #expect(conversion.fileName == "casa-dev-yes.sif")
    #expect(conversion.singularity == Singularity(compression: .zstd, level: 19))
    #expect(tree.declaration("sif/casa-dev:yes")?.needs == [image.id])
  }

  private struct Missing: Error {}

  @Test(arguments: [
    (true, "", true), (true, "singularity: false", false), (false, "", false), (false, "singularity: true", true),
  ])
  func everyImageBecomesASIFUnlessItIsToldNotTo(isUsual: Bool, line: String, isMade: Bool) {
    var workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition(line), "a/Dockerfile": "FROM ubuntu:24.04\n",
    ])
    workshop.settings.isConverting = isUsual
    #expect(workshop.scan().ids == ["docker/a:1"] + (isMade ? ["sif/a:1"] : []))
  }

  @Test(arguments: [("", Duration.seconds(7 * 86_400)), ("max_age: 2h", .seconds(7200)), ("max_age: never", nil)])
  func aDefinitionComesBeforeTheSettingsInItsAge(line: String, expected: Duration?) {
    var workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition(line), "a/Dockerfile": "FROM ubuntu:24.04\n",
    ])
    workshop.settings.maxAge = .seconds(7 * 86_400)
    #expect(workshop.scan().image("docker/a:1")?.maxAge == expected)
  }

  @Test(arguments: [
    ("singularity: true", Singularity(compression: .zstd, level: 3)), ("singularity: false", nil), ("", nil),
    ("singularity: {level: 6}", Singularity(compression: .zstd, level: 6)),
    ("singularity: {compression: gzip}", Singularity(compression: .gzip)),
  ])
  func singularityTakesWhatItDoesNotSayFromTheSettings(line: String, expected: Singularity?) {
    var workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition(line), "a/Dockerfile": "FROM ubuntu:24.04\n",
    ])
    workshop.settings.compression = Singularity(compression: .zstd, level: 3)
    #expect(workshop.scan().image("docker/a:1")?.singularity == expected)
  }

  @Test(arguments: [
    (
      "imagesources: []\n",
      ["1:1 error: the definition lacks 'image_sources'", "1:1 error: unknown key 'imagesources' in a definition"]
    ),
    ("", ["1:1 error: the definition lacks 'image_sources'"]),
    ("- a\n", ["1:1 error: a definition must be a mapping, this is a list"]),
    ("image_sources: []\n", ["1:16 error: 'image_sources' is empty"]),
    ("image_sources: {name: a}\n", ["1:16 error: 'image_sources' must be a list, this is a mapping"]),
    ("image_sources:\n  - tags: [x]\n", ["2:5 error: the image source lacks 'name'"]),
    ("image_sources:\n  - name: a\n", ["2:5 error: the image source lacks 'tags'"]),
    (Workshop.definition(tags: "[]"), ["3:11 error: 'tags' is empty"]),
    (Workshop.definition(tags: "latest"), ["3:11 error: 'tags' must be a list, this is text"]),
    (Workshop.definition(tags: "[[x]]"), ["3:12 error: an element of 'tags' must be text, this is a list"]),
    (Workshop.definition(tags: "[a, -b]"), ["3:15 error: '-b' is not a tag"]),
    (Workshop.definition(tags: "[a, b, a]"), ["3:12 warning: the tag 'a' is given twice"]),
    (Workshop.definition(name: "Casa"), ["2:11 error: 'Casa' is not a name of an image"]),
    (Workshop.definition(name: "a:b"), ["2:11 error: 'a:b' is not a name of an image"]),
    (Workshop.definition(name: "'%(nme)s'"), ["2:11 error: there is no parameter 'nme'"]),
    (Workshop.definition(name: "'100%'"), ["2:11 error: a '%' stands alone"]),
    (
      Workshop.definition("visibility: pubic"), ["4:17 error: 'visibility' must be one of public, private, not 'pubic'"]
    ),
    (
      Workshop.definition("platforms: [linux/amd64, linux/arm64]"),
      ["4:30 error: more than one platform is not supported yet"]
    ),
    (Workshop.definition("platforms: [amd64]"), ["4:17 error: 'amd64' is not a platform"]),
    (Workshop.definition("singularity: maybe"), ["4:18 error: 'singularity' must be true, false or a mapping"]),
    (Workshop.definition("singularity: {level: 99}"), ["4:26 error: 'level' must be a whole number from 1 to 12"]),
    (Workshop.definition("test: 'true'"), ["4:11 error: 'test' must be a list, this is text"]),
    (Workshop.definition("max_age: 30"), ["4:14 error: '30' is not an age"]),
    (Workshop.definition("reproducible: maybe"), ["4:19 error: 'reproducible' must be true or false"]),
    (Workshop.definition("build_args: [x]"), ["4:17 error: 'build_args' must be a mapping, this is a list"]),
    (Workshop.definition("build_args: {x: }"), ["4:21 error: 'x' in 'build_args' must be text, this is nothing"]),
    (Workshop.definition("secrets: [{id: a}]"), ["4:15 error: a secret needs either 'env' or 'file'"]),
    (Workshop.definition("secrets: [{env: a}]"), ["4:15 error: the secret lacks 'id'"]),
    (
      Workshop.definition("template_files_parameters: {a: '%(b)s', b: '%(a)s'}", name: "'%(a)s'"),
      ["4:48 error: the parameter 'a' contains itself, in a parameter of %(a)s"]
    ),
    (Workshop.definition(top: "dependencies: [../x]\n"), ["1:16 error: the dependency '../x' does not exist"]),
    (
      Workshop.definition(top: "dependencies: [../../x]\n"),
      ["1:16 error: the dependency '../../x' leaves the tree of definitions"]
    ),
    (Workshop.definition(top: "dependencies: [/x]\n"), ["1:16 error: the dependency '/x' is absolute"]),
    (Workshop.definition() + "x: {}\n  y\n", ["5:3 error: invalid YAML: expected a key indented as the one in line 1"]),
  ])
  func everyFaultIsToldWithItsPlace(definition: String, expected: [String]) {
    #expect(Workshop.faults(definition) == expected)
  }

  @Test(arguments: [
    ("{output: x, command: [touch, x]}", "the command does not say '{output}'"),
    (
      "{output: ../x, command: [touch, '{output}']}",
      "the output '../x' must be a path inside of the definition's directory"
    ),
    (
      "{output: /x, command: [touch, '{output}']}",
      "the output '/x' must be a path inside of the definition's directory"
    ),
    ("{output: Dockerfile, command: [touch, '{output}']}", "'Dockerfile' cannot be generated"),
    ("{output: here, command: [touch, '{output}']}", "the output 'here' exists among the definition's files"),
    (
      "{output: here/below, command: [touch, '{output}']}", "the output 'here/below' lies below 'here', which is a file"
    ),
    ("{output: made, command: [touch, '{output}']}", "the output 'made' exists among the definition's files"),
    ("{output: 'a:b', command: [touch, '{output}']}", "the output 'a:b' has a ':' in its name"),
    ("{output: x, command: [touch, '{output}'], inputs: [no]}", "the input 'no' does not exist"),
    ("{output: x, command: []}", "'command' names no command"),
    ("{command: [touch, '{output}']}", "the generator lacks 'output'"),
  ])
  func faultsOfGeneratorsAreTold(generator: String, message: String) {
    let faults = Workshop.faults(
      "generate:\n  - \(generator)\n" + Workshop.definition(), files: ["here": "", "made.template": ""])
    #expect(faults.contains { $0.hasSuffix("error: \(message)") }, "\(faults)")
  }

  @Test func twoGeneratorsCannotMakeTheSameFile() {
    let one = "  - {output: x, command: [touch, '{output}']}\n"
    let two = "  - {output: x/y, command: [touch, '{output}']}\n"
    for pair in [one + one, one + two, two + one] {
      let faults = Workshop.faults("generate:\n" + pair + Workshop.definition())
      #expect(faults.count == 1)
      #expect(faults.first?.contains("clashes with") == true)
    }
  }

  @Test func aMisspeltKeyIsSetRight() {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition("vizibility: public", top: "dependencies: [../casa-tset]\n"),
      "a/Dockerfile": "FROM x\n", "casa-test/casa_distro_docker.yaml": Workshop.definition(name: "b"),
      "casa-test/Dockerfile": "FROM x\n",
    ])
    #expect(
      workshop.scan().diagnostics.map(\.help) == ["did you mean '../casa-test'?", "did you mean 'visibility'?"])
    #expect(workshop.scan().diagnostics.last?.sourceLine == "    vizibility: public")
  }
}

extension DefinitionFileTests {
  @Test func noDefinitionCrashesTheScan() {
    var dice = SeededGenerator(seed: 11)
    let whole = Array(
      """
      dependencies: [../../c, ..]
      image_sources:
        - name: "%(kind)s-dev"
          tags: [latest, 1.10, "%%x"]
          template_files_parameters: {kind: casa, base: &b "x:%(kind)s"}
          build_args: {JOBS: 4, a: *b}
          secrets: [{id: token, env: SVN_TOKEN}]
          platforms: [linux/arm64/v8]
          singularity: {compression: zstd, level: 19}
          max_age: 30d
      generate:
        - {output: data/rootfs.tar, command: [x, "{output}"], inputs: [./packages.txt]}
      """.utf8)
    for _ in 0..<600 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &dice) {
        let start = Int.random(in: 0..<bytes.count, using: &dice)
        let end = min(bytes.count, start + Int.random(in: 0...6, using: &dice))
        let insert = (0..<Int.random(in: 0...3, using: &dice)).map { _ in
          Array("%(){}[]:,-./\\\"'&* \n\t0a\u{0}é".utf8).randomElement(using: &dice) ?? 0
        }
        bytes.replaceSubrange(start..<end, with: insert)
      }
      let workshop = Workshop(["a/Dockerfile": "FROM x\n", "a/t.template": String(decoding: bytes, as: UTF8.self)])
      workshop.files.write("/r/share/docker/a/casa_distro_docker.yaml", bytes: bytes)
      let tree = workshop.scan()
      #expect(tree.hasErrors || !tree.recipes.isEmpty)
    }
  }
}
