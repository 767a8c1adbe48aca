extension FrontEndTests {
  /// Stages by name and number, and triggers.
  static let stages: [Row] = [
    Row(
      "FROM a AS One\nFROM b\nCOPY --from=one x /",
      uses: ["docker.io/library/a:latest", "docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a AS one\nFROM b\nCOPY --from=ONE x /",
      uses: ["docker.io/library/a:latest", "docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a\nFROM b\nCOPY --from=0 x /",
      uses: ["docker.io/library/a:latest", "docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a AS x\nFROM b AS y\nFROM x",
      uses: ["docker.io/library/a:latest"], reach: []),
    Row(
      "FROM a AS x\nCOPY q /\nFROM b AS y\nCOPY r /\nFROM c", target: "Y",
      uses: ["docker.io/library/b:latest"], reach: ["r"]),
    Row(
      "FROM a AS x\nFROM b AS x\nFROM x",
      uses: ["docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a AS scratch\nCOPY q /\nFROM scratch",
      uses: ["docker.io/library/a:latest"], reach: ["q"]),
    Row(
      "FROM scratch\nCOPY --from=scratch x /",
      uses: [], reach: []),
    Row(
      "FROM scratch\nCOPY --from=b:1 x /\nCOPY --from= y /",
      uses: ["docker.io/library/b:1"], reach: ["y"]),
    Row(
      "FROM a AS x\nFROM scratch\nRUN --mount=from=X,target=/x ls",
      uses: ["docker.io/library/a:latest"], reach: []),
    Row(
      "FROM a AS unused\nCOPY q /\nRUN --mount=from=z,target=/z ls\nFROM b",
      uses: ["docker.io/library/b:latest"], reach: []),
    Row(
      "FROM a AS x\nONBUILD COPY q /\nONBUILD RUN --mount=type=bind,source=w,target=/w ls\nONBUILD RUN --mount=from=c,target=/w ls\nFROM x",
      uses: ["docker.io/library/a:latest", "docker.io/library/c:latest"], reach: ["q", "w"]),
    Row(
      "FROM a AS x\nONBUILD COPY q /\nFROM x AS y\nFROM y",
      uses: ["docker.io/library/a:latest"], reach: ["q"]),
    Row(
      "FROM a\nONBUILD COPY --from=b q /",
      uses: ["docker.io/library/a:latest"], reach: []),
    Row(
      "FROM scratch AS x\nONBUILD ARG V=2\nONBUILD COPY $V /\nFROM x\nCOPY z$V /",
      uses: [], reach: ["2", "z2"]),
  ]
}
