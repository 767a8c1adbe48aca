import BuildEngine
import BuildRecords
import ContentStore
import DockerfileText
import HostSystem
import ImageModel
import ImageTools
import JSONText
import TestSupport

/// Programs of this machine that tests with real engines need.
enum Installed {
  static func path(_ name: String) -> String? {
    let files = PosixFileSystem()
    for directory in ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"] {
      let path = "\(directory)/\(name)"
      if let status = try? files.status(of: FilePath(path), followingLinks: true), status.mode & 0o111 != 0 {
        return path
      }
    }
    return nil
  }

  static var compiler: String? { path("gcc") ?? path("clang") ?? path("cc") }
  /// A real build needs buildah and a compiler, for the one program in its images.
  static var hasBuildah: Bool { path("buildah") != nil && compiler != nil }
  static var dockerHost: String? { HostEnvironment.variable("COPPICE_TEST_DOCKER_HOST") }
  /// Every client that is there: an old one brings BuildKit itself, a new one leaves it to a plugin.
  static var dockers: [String] {
    ["/usr/local/bin", "/usr/bin"].filter { directory in
      (try? PosixFileSystem().status(of: FilePath("\(directory)/docker"), followingLinks: true)) != nil
    }
  }
  static var hasPodman: Bool { path("podman") != nil && compiler != nil }
}

/// A repository on disk with an engine whose store is its own.
final class RealEngine: Sendable {
  let directory: TemporaryDirectory
  let files = PosixFileSystem()
  let processes = PosixProcessRunner()
  let environment: [String: String]
  let store: ImageLayout
  let directories: RunDirectories

  static let architecture = "amd64"
  static let host = Platform(os: "linux", architecture: architecture)

  /// - Parameters:
  ///   - docker: the directory of the client to use.
  ///   - driver: of the store of buildah and podman.
  init(token: String = "now", docker: String? = nil, driver: String = "vfs") async throws {
    directory = try TemporaryDirectory()
    let root = directory.path
    try directory.write(
      "storage.conf",
      """
      [storage]
      driver = "\(driver)"
      graphroot = "\(root)/storage/root"
      runroot = "\(root)/storage/run"
      """)
    var variables = [
      "PATH": (docker.map { $0 + ":" } ?? "") + "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
      "HOME": root.description,
      "CONTAINERS_STORAGE_CONF": "\(root)/storage.conf", "TMPDIR": root.description,
      "BUILDAH_ISOLATION": "chroot",
    ]
    if docker != nil { variables["DOCKER_HOST"] = Installed.dockerHost }
    environment = variables
    store = ImageLayout(root: root / "store", files: files)
    directories = RunDirectories(below: root / ".coppice/tmp", token: token)
    try await compileShell()
  }

  /// A static program that stands for a shell in images from scratch.
  private func compileShell() async throws {
    try directory.write("sh.c", Self.shell)
    try files.createDirectory(directory / "bin")
    let result = try await processes.capture(
      ProcessCommand(
        [
          Installed.compiler ?? "cc", "-w", "-static", "-Os", "-o", "\(directory.path)/bin/sh",
          "\(directory.path)/sh.c",
        ],
        environment: environment))
    guard result.status.isSuccess else { throw Failure(String(decoding: result.errorOutput, as: UTF8.self)) }
  }

  func finder(_ engine: String) -> EngineFinder {
    EngineFinder(
      wanted: engine, remembered: directory / ".coppice/engine", files: files, processes: processes,
      environment: environment)
  }

  func runner(_ engine: String, adding variables: [String: String] = [:]) -> DockerImageRunner {
    DockerImageRunner(
      store: store, engines: finder(engine), files: files, temporary: directories.directory, network: "host",
      environment: environment.merging(["TOKEN": "very-secret-value"]) { $1 }.merging(variables) { $1 })
  }

  /// Writes a definition with the shell in it.
  func define(_ name: String, _ dockerfile: String, files contents: [String: String] = [:]) throws -> ImageRecipe {
    let place = FilePath("tree/\(name)")
    try directory.write(place / "Dockerfile", dockerfile)
    for (file, text) in contents { try directory.write(place / FilePath(file), text) }
    try files.removeTree(directory / place / "sh")
    _ = try files.copy(directory / "bin/sh", to: directory / place / "sh", mode: 0o755)
    var recipe = ImageRecipe(
      id: ArtifactID(kind: .docker, name: name, tag: "1"),
      definition: DefinitionSource(path: name, directory: directory / place, origin: .repository),
      location: SourceLocation(file: directory / place / "casa_distro_docker.yaml", line: 2),
      reference: ImageReference(repository: "cati/\(name)", tag: "1"),
      dockerfile: facts(dockerfile, directory / place), platform: Self.host)
    recipe.aliases = [ImageReference(repository: "cati/\(name)", tag: "latest")]
    return recipe
  }

  private func facts(_ dockerfile: String, _ place: FilePath) -> DockerfileFacts {
    DockerfileReader.read(
      Array(dockerfile.utf8), file: place / "Dockerfile", buildArguments: [:], target: nil, platform: Self.host)
  }

  func job(
    _ recipe: ImageRecipe, upstreams: [ArtifactID: ArtifactOutput] = [:], images: [String: ArtifactID] = [:],
    bases: [String: PinnedBase] = [:]
  ) throws -> StepJob {
    let reader = InputReader(files: files, programDirectories: [])
    let snapshot = try reader.snapshot(of: .image(recipe), index: FileIndex())
    let inputs = reader.inputs(
      of: .image(recipe), snapshot: snapshot, bases: [], upstreams: upstreams.map { ($0, $1.digest) }, generation: 0)
    return StepJob(
      recipe: .image(recipe), inputs: inputs, fingerprint: inputs.fingerprint, files: snapshot.files,
      upstreams: upstreams, images: images, bases: bases, mayUseCache: true)
  }

  /// `cp A B`, `echo WORD`, `blurt FILE` and `perish FILE`, which print it and fail, `owner A B`, which writes who owns A, `fail`, `sleep N`; a `$NAME` at the end of a word is replaced.
  private static let shell = """
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>
    #include <signal.h>
    #include <fcntl.h>
    #include <sys/stat.h>
    static char *expand(char *word, char *out) {
      if (!word) return 0;
      char *dollar = strchr(word, '$');
      if (!dollar) return word;
      memcpy(out, word, dollar - word);
      char *value = getenv(dollar + 1);
      strcpy(out + (dollar - word), value ? value : "");
      return out;
    }
    int main(int count, char **words) {
      char line[4096], first[4096], second[4096], piece[4096];
      if (count < 3) return 2;
      strncpy(line, words[2], sizeof line - 1);
      char *name = strtok(line, " "), *a = expand(strtok(0, " "), first), *b = expand(strtok(0, " "), second);
      if (!strcmp(name, "cp")) {
        int in = open(a, O_RDONLY), out = open(b, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (in < 0 || out < 0) { perror(a); return 1; }
        for (long n; (n = read(in, piece, sizeof piece)) > 0;) write(out, piece, n);
        return 0;
      }
      if (!strcmp(name, "echo")) return puts(a) < 0;
      if (!strcmp(name, "cat")) {
        int in = open(a, O_RDONLY);
        for (long n; (n = read(in, piece, sizeof piece)) > 0;) write(1, piece, n);
        return in < 0;
      }
      if (!strcmp(name, "blurt") || !strcmp(name, "perish")) {
        int in = open(a, O_RDONLY);
        long n = read(in, piece, sizeof piece - 1);
        piece[n < 0 ? 0 : n] = 0;
        fprintf(stderr, "error: %s\\n", piece);
        if (!strcmp(name, "perish")) kill(getpid(), 9);
        return 4;
      }
      if (!strcmp(name, "write")) {
        int out = open(a, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        dprintf(out, "%s\\n", b ? b : "");
        return 0;
      }
      if (!strcmp(name, "owner")) {
        struct stat status;
        if (stat(a, &status)) { perror(a); return 1; }
        dprintf(open(b, O_WRONLY | O_CREAT | O_TRUNC, 0644), "%d\\n", (int) status.st_uid);
        return 0;
      }
      if (!strcmp(name, "sleep")) { sleep(atoi(a)); return 0; }
      return 3;
    }
    """
}

/// The variables of this process, read as the kernel shows them.
enum HostEnvironment {
  static func variable(_ name: String) -> String? {
    let bytes = (try? PosixFileSystem().contents(of: "/proc/self/environ", limit: 1 << 20)) ?? []
    for entry in bytes.split(separator: 0) {
      let text = String(decoding: entry, as: UTF8.self)
      if text.hasPrefix(name + "=") { return String(text.dropFirst(name.utf8.count + 1)) }
    }
    return nil
  }
}

/// Lines of a log, from any thread.
final class CollectedLines: Sendable {
  private let lines = Locked<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  var text: String { all.joined(separator: "\n") }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
}
