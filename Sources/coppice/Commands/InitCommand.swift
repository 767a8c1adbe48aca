internal import HostSystem
internal import ImageModel

extension InitOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let files = PosixFileSystem()
    let root = directory.map { invocation.directory / $0 } ?? invocation.directory
    let definition = root / "share/docker/hello/debian-12"
    for (path, text) in [
      (root / "coppice.yaml", Self.settings), (definition / "casa_distro_docker.yaml", Self.definition),
      (definition / "Dockerfile", Self.dockerfile), (definition / "hello", Self.program),
      (root / ".gitignore", ".coppice/\nimages/\n"),
      // What two branches add at the same place of the lock is kept of both: every block has a checksum of its own.
      (root / ".gitattributes", "coppice.lock merge=union\n"),
    ] {
      guard try files.statusIfPresent(of: path) == nil else {
        invocation.output.write("\(invocation.diagnostics.shown(path)) exists, left as it is\n")
        continue
      }
      try files.createDirectory(path.parent)
      try files.replace(path, with: Array(text.utf8), mode: path.name == "hello" ? 0o755 : 0o644)
      invocation.output.write("made \(invocation.diagnostics.shown(path))\n")
    }
    invocation.output.write("next: `coppice -C \(invocation.diagnostics.shown(root)) build all`\n")
    return .success
  }

  private static let settings = """
    # Settings of this repository; every line shows its default.
    # namespace: cati            # in front of every image's name
    # engine: docker             # docker, podman or buildah; default: the first that works
    # store: .coppice/store      # the content store; may be shared between repositories
    # images: images            # where SIF files lie
    # singularity: true         # false: images become SIF files only where a definition says so
    # jobs: 2                    # steps at the same time; default: the number of processors
    # network: host              # what RUN sees of the network
    # max_age: never             # such as 30d: images whose last build from scratch is older are stale
    # casa_version: "1.0"        # the parameter %(casa_version)s of templates

    """

  private static let definition = """
    # An image made from a builtin one; see share/docker of coppice for more.
    dependencies:
      - ../../casa-run
    image_sources:
      - name: hello
        tags: [latest, debian-12]      # the last is the main one
        test: [hello]

    """

  private static let dockerfile = """
    FROM cati/casa-run:debian-12
    COPY hello /usr/local/bin/hello

    """

  private static let program = """
    #!/bin/sh
    echo "Hello from an image that coppice built."

    """
}
