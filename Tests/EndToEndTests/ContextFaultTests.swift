import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// Files in a context that are no files for an image, and Dockerfiles that are none.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
struct ContextFaultTests {
  private static let tools: FilePath = "share/docker/tools/1"

  private func tree() async throws -> Repository {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try tree.write(Self.tools / "dir/file", "file\n")
    try tree.defineTools("COPY dir /dir")
    return tree
  }

  private func expect(
    _ tree: Repository, _ exitCode: Int32, saying words: [String],
    commands: [[String]] = [["status"], ["build", "all"]],
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    for command in commands {
      let run = try await tree.coppice(command)
      #expect(run.exitCode == exitCode, "\(command): \(run.all)", sourceLocation: sourceLocation)
      for word in words {
        #expect(run.errorOutput.contains(word), "\(command): \(run.all)", sourceLocation: sourceLocation)
      }
    }
  }

  @Test func whatCannotBeInAnImageIsNamed() async throws {
    let tree = try await tree()
    let place = tree.directory / Self.tools / "dir/odd"
    let name = (Self.tools / "dir/odd").description
    let ignored = "help: name it in .dockerignore, or remove it"

    #expect(mkfifo(place.description, 0o644) == 0)
    try await expect(tree, 2, saying: ["\(name): error: a named pipe cannot be put into an image", ignored])
    // Out of the context it does no harm.
    try tree.write(Self.tools / ".dockerignore", "dir/odd\n")
    #expect(try await tree.states()["docker/tools:1"] == "stale")
    try Laboratory.files.remove(tree.directory / Self.tools / ".dockerignore")
    try Laboratory.files.remove(place)

    if mknod(place.description, S_IFCHR | 0o644, 0x0103) == 0 {
      try await expect(tree, 2, saying: ["\(name): error: a device node cannot be put into an image", ignored])
      try Laboratory.files.remove(place)
    }
    // A link that leads out of the context: the person knows the link.
    let up = Array(repeating: "..", count: place.parent.components.count).joined(separator: "/")
    try Laboratory.files.createLink(place, to: FilePath(up) / "dev/null")
    try await expect(tree, 2, saying: ["\(name): error: a device node, to which a link leads, cannot be put", ignored])
    try Laboratory.files.remove(place)

    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: place.bytes) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    close(socket)
    try await expect(
      tree, 0, saying: ["\(name): warning: a socket is left out of the context", ignored], commands: [["build", "all"]])
    try Laboratory.files.remove(place)
    #expect(try await tree.build("all") == [])

    // A link that leads nowhere is a link.
    try Laboratory.files.createLink(place, to: "nowhere")
    #expect(try await tree.build("all") == ["docker/tools:1 built"])
    try Laboratory.files.remove(place)
    // Two links that lead to each other, too.
    try Laboratory.files.createLink(place, to: "odd2")
    try Laboratory.files.createLink(tree.directory / Self.tools / "dir/odd2", to: "odd")
    #expect(try await tree.build("all") == ["docker/tools:1 built"])
    try Laboratory.files.remove(place)
    try Laboratory.files.remove(tree.directory / Self.tools / "dir/odd2")
    #expect(try await tree.build("all") == ["docker/tools:1 restored"])
    try await tree.expectEverythingIsWell()
  }

  @Test func aDockerfileThatIsNoneIsNamed() async throws {
    let tree = try await tree()
    let dockerfile = tree.directory / Self.tools / "Dockerfile"
    let name = (Self.tools / "Dockerfile").description
    func put(_ bytes: [UInt8]) throws { try Laboratory.files.replace(dockerfile, with: bytes, mode: 0o644) }
    try put([])
    try await expect(tree, 2, saying: ["\(name): error: the Dockerfile is empty", "help: begin with FROM"])
    try put((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ 0x80) })
    try await expect(tree, 2, saying: ["\(name):"])

    try Laboratory.files.remove(dockerfile)
    try await expect(
      tree, 0, saying: ["\(Self.tools / "casa_distro_docker.yaml"):1:1: warning: no Dockerfile beside this definition"],
      commands: [["status"], ["build", "base"]])
    try await expect(tree, 2, saying: ["tools"], commands: [["build", "tools"]])
    #expect(mkfifo(dockerfile.description, 0o644) == 0)
    try await expect(tree, 2, saying: ["\(name): error: cannot read this file: Not a regular file"])
    try Laboratory.files.remove(dockerfile)
    try Laboratory.files.createLink(dockerfile, to: "nowhere")
    try await expect(tree, 2, saying: ["\(name): error: cannot read this file: No such file"])
    try Laboratory.files.remove(dockerfile)
    try tree.defineTools("COPY dir /dir")
    try await tree.build("all")
  }

  @Test(.enabled(if: getuid() == 0 && Laboratory.has("setpriv"), "needs to become another user"))
  func whatCannotBeReadIsNamed() async throws {
    let tree = try await tree()
    let file = tree.directory / Self.tools / "dir/file"
    // The program as a copy that others may reach.
    let program = tree.directory / "coppice"
    _ = try Laboratory.files.copy(Laboratory.binaries / "coppice", to: program, mode: 0o755)
    func asNobody(_ arguments: String...) async throws -> Run {
      let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program.description]
      let result = try await Laboratory.run(
        nobody + arguments, in: tree.directory.path, environment: tree.environment)
      return Run(
        status: result.status, output: String(decoding: result.output, as: UTF8.self),
        errorOutput: String(decoding: result.errorOutput, as: UTF8.self))
    }
    // What can be read can be asked about, though nothing can be written.
    let asked = try await asNobody("status")
    #expect(asked.exitCode == 0, "\(asked.all)")
    #expect(asked.output.contains("4 stale"), "\(asked.all)")

    try Laboratory.files.setMode(0, of: file)
    let unreadable = try await asNobody("status")
    #expect(unreadable.exitCode == 2, "\(unreadable.all)")
    let name = (Self.tools / "dir/file").description
    #expect(unreadable.errorOutput.contains("\(name): error: cannot be read: Permission denied"), "\(unreadable.all)")
    #expect(unreadable.errorOutput.contains("help: make it readable, or name it in .dockerignore"))

    try Laboratory.files.setMode(0o700, of: file.parent)
    let closed = try await asNobody("status")
    #expect(closed.exitCode == 2, "\(closed.all)")
    #expect(closed.errorOutput.contains("\(Self.tools / "dir"): error: "), "\(closed.all)")
    #expect(closed.errorOutput.contains("help: make it readable"), "\(closed.all)")
    try Laboratory.files.setMode(0o755, of: file.parent)
    try Laboratory.files.setMode(0o644, of: file)

    let building = try await asNobody("build", "all")
    #expect(building.exitCode == 1, "\(building.all)")
    #expect(building.errorOutput.contains("Permission denied"), "\(building.all)")
    #expect(building.errorOutput.contains("help: "), "\(building.all)")
  }
}
