extension FrontEndTests {
  /// Sources of COPY and ADD, and mounts.
  static let sources: [Row] = [
    Row(
      "FROM scratch\nCOPY . /",
      uses: [], reach: ["."]),
    Row(
      "FROM scratch\nCOPY / /",
      uses: [], reach: ["."]),
    Row(
      "FROM scratch\nCOPY /a//b/./c/../d /",
      uses: [], reach: ["a/b/d"]),
    Row(
      "FROM scratch\nCOPY ../../a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY a*/b? [c]d /",
      uses: [], reach: ["~a*/b?", "~[c]d"]),
    Row(
      "FROM scratch\nCOPY a\\*b /",
      uses: [], reach: ["~a*b"]),
    Row(
      "FROM scratch\nADD a https://h/b.tgz https://g/r.git#v1 git://h/r /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY --link --chmod=755 a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY --exclude=*.o --exclude='b c' a d* /",
      uses: [], reach: ["a -*.o -b c", "~d* -*.o -b c"]),
    Row(
      "FROM scratch\nCOPY --parents a/./b/*.c d /",
      uses: [], reach: ["~a/b/*.c", "d"]),
    Row(
      "FROM scratch\nCOPY --exclude=$V a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nCOPY [\"a b\", \"c\", \"/x/\"]",
      uses: [], reach: ["a b", "c"]),
    Row(
      "FROM scratch\nCOPY [\"a\", 1] /",
      uses: [], reach: ["~[a,", "1]"]),
    Row(
      "FROM scratch\nCOPY a a ./a /",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nRUN --mount=target=/x ls",
      uses: [], reach: ["."]),
    Row(
      "FROM scratch\nRUN --mount=type=bind,source=a/../b,dst=/x ls",
      uses: [], reach: ["b"]),
    Row(
      "FROM scratch\nRUN --mount=type=cache,target=/x,source=a ls",
      uses: [], reach: []),
    Row(
      "FROM scratch\nRUN --mount=type=cache,from=b,target=/x ls",
      uses: ["docker.io/library/b:latest"], reach: []),
    Row(
      "FROM scratch\nRUN --mount=type=secret,id=x ls",
      uses: [], reach: []),
    Row(
      "FROM scratch\nRUN --mount=type=ssh ls",
      uses: [], reach: []),
    Row(
      "FROM scratch\nRUN --mount=type=tmpfs,target=/x ls",
      uses: [], reach: []),
    Row(
      "FROM scratch\nRUN --mount=TYPE=Bind,SRC=a,TARGET=/x,rw ls",
      uses: [], reach: ["a"]),
    Row(
      "FROM scratch\nRUN --mount=type=bind,src=x*,destination=/x ls",
      uses: [], reach: ["x*"]),
    Row(
      "FROM scratch\nRUN --mount=\"type=bind,source=a b,target=/x\" ls",
      uses: [], reach: ["a b"]),
    Row(
      "FROM scratch\nRUN --mount=from=b,source=q,target=/x ls",
      uses: ["docker.io/library/b:latest"], reach: []),
    Row(
      "FROM scratch\nARG V=1 T=bind\nRUN --mount=type=$T,source=d$V,target=/x ls",
      uses: [], reach: ["d1"]),
    Row(
      "FROM scratch\nRUN --mount=source=a,target=/x --mount=source=b,target=/y --network=none ls",
      uses: [], reach: ["a", "b"]),
    Row(
      "FROM scratch\nRUN --mount=type=bind,source=a,source=b,target=/x ls",
      uses: [], reach: ["b"]),
  ]
}
