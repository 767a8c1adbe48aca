extension FrontEndTests {
  /// Build arguments, environment and the forms of substitution.
  static let variables: [Row] = [
    Row(
      "ARG V=1\nFROM a:$V",
      uses: ["docker.io/library/a:1"], reach: []),
    Row(
      "ARG V=1\nFROM a:$V", arguments: ["V": "9"],
      uses: ["docker.io/library/a:9"], reach: []),
    Row(
      "ARG V\nFROM a:${V:-2}",
      uses: ["docker.io/library/a:2"], reach: []),
    Row(
      "ARG V\nFROM a:${V:-2}", arguments: ["V": "9"],
      uses: ["docker.io/library/a:9"], reach: []),
    Row(
      "ARG V=1 W=$V\nFROM a:$W",
      uses: ["docker.io/library/a:1"], reach: []),
    Row(
      "ARG V=1 W=$V\nFROM a:$W", arguments: ["V": "9"],
      uses: ["docker.io/library/a:9"], reach: []),
    Row(
      "ARG V=1\nFROM scratch\nCOPY x$V /",
      uses: [], reach: ["x"]),
    Row(
      "ARG V=1\nFROM scratch\nCOPY x$V /", arguments: ["V": "9"],
      uses: [], reach: ["x"]),
    Row(
      "ARG V=1\nFROM scratch\nARG V\nCOPY x$V /",
      uses: [], reach: ["x1"]),
    Row(
      "ARG V=1\nFROM scratch\nARG V\nCOPY x$V /", arguments: ["V": "9"],
      uses: [], reach: ["x9"]),
    Row(
      "ARG V=1\nFROM scratch\nARG V=2\nCOPY x$V /",
      uses: [], reach: ["x2"]),
    Row(
      "ARG V=1\nFROM scratch\nARG V=2\nCOPY x$V /", arguments: ["V": "9"],
      uses: [], reach: ["x9"]),
    Row(
      "ARG V=1\nARG V\nFROM a:$V",
      uses: ["docker.io/library/a:1"], reach: []),
    Row(
      "ARG V=1\nARG V\nFROM a:$V", arguments: ["V": "9"],
      uses: ["docker.io/library/a:9"], reach: []),
    Row(
      "ARG V=\nFROM a${V}",
      uses: ["docker.io/library/a:latest"], reach: []),
    Row(
      "ARG V=\nFROM a${V}", arguments: ["V": "9"],
      uses: ["docker.io/library/a9:latest"], reach: []),
    Row(
      "FROM scratch\nARG V=1\nENV W=a$V V=$V\nCOPY $W /",
      uses: [], reach: ["a1"]),
    Row(
      "FROM scratch\nARG V=1\nENV W=a$V V=$V\nCOPY $W /", arguments: ["V": "9"],
      uses: [], reach: ["a9"]),
    Row(
      "FROM scratch\nENV A=1\nENV A=2 B=$A\nCOPY $A$B /",
      uses: [], reach: ["21"]),
    Row(
      "FROM scratch\nENV K=N\nENV $K=v\nCOPY $N /",
      uses: [], reach: ["v"]),
    Row(
      "FROM scratch AS a\nENV A=1\nFROM a\nCOPY x$A /",
      uses: [], reach: ["x1"]),
    Row(
      "FROM scratch AS a\nARG V=1\nCOPY $V /\nFROM scratch\nCOPY x$V /",
      uses: [], reach: ["x"]),
    Row(
      "FROM scratch\nENV 1=x\nCOPY a$1 /",
      uses: [], reach: ["ax"]),
    Row(
      "FROM a:$TARGETARCH-$TARGETVARIANT",
      uses: ["docker.io/library/a:arm-v7"], reach: []),
    Row(
      "FROM --platform=$BUILDPLATFORM a\nARG TARGETPLATFORM\nCOPY bin/$TARGETPLATFORM /",
      uses: ["docker.io/library/a:latest"], reach: ["bin/linux/arm/v7"]),
    Row(
      "FROM b:$TARGETSTAGE AS last",
      uses: ["docker.io/library/b:last"], reach: []),
    Row(
      "FROM b:$TARGETSTAGE AS first\nFROM c", target: "first",
      uses: ["docker.io/library/b:first"], reach: []),
    Row(
      "FROM scratch\nCOPY x$HTTP_PROXY /", arguments: ["HTTP_PROXY": "p"],
      uses: [], reach: ["x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V#v}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V##*.}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V%/*}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V%%.*}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V/./_}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1_2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V//./_}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1_2_3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V:+y}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["y"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U:+y}z\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["z"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U-d}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["d"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V:-$U}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U:-${V#v}}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V:-${N:-$M}}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U:-'}'}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["}"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"\\\"${U:-a b}\\\"\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["a b"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"'$V'\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["$V"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"\\\\$V\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["$V"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"a'b c'd\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["ab cd"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V?e}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"$V$V\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3/xv1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"x$\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["x$"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V//\\\\//-}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["v1.2.3-x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${V#?}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["1.2.3/x"]),
    Row(
      "FROM scratch\nARG V\nCOPY [\"${U:-a\\\\}b}\", \"/\"]", arguments: ["V": "v1.2.3/x"],
      uses: [], reach: ["a}b"]),
  ]
}
