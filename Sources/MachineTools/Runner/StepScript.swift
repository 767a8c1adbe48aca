internal import ImageModel

/// What a guest runs for a step, as text for its shell.
enum StepScript {
  /// Where a script of this machine lies in the guest while it runs: nothing of it stays on the disk.
  private static let directory = "/run/coppice/program"
  static let program = "\(directory)/step"

  static func text(of run: MachineRun) -> String {
    switch run.program {
    case .shell(let text): "exec /bin/sh -c \(Shell.quoted(text))"
    case .command(let words): "exec " + words.map(Shell.quoted).joined(separator: " ")
    case .script(_, let arguments):
      """
      set -e
      mkdir -p \(directory)
      mount -t tmpfs -o mode=700 tmpfs \(directory)
      tar -xpf "$PAYLOAD" -C /
      exec \(([program] + arguments).map(Shell.quoted).joined(separator: " "))
      """
    }
  }

  /// For sessions; what had a value there has the new one.
  static func text(of variables: [String: String]) -> String {
    let sorted = variables.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    var lines = ["set -e", "touch /etc/environment"]
    for (name, value) in sorted {
      lines.append("sed -i -e '/^\(name)=/d' /etc/environment")
      lines.append("printf '%s\\n' \(Shell.quoted("\(name)=\"\(value)\"")) >> /etc/environment")
    }
    return lines.joined(separator: "\n")
  }

  /// After the files of a software are there: its programs are found by everybody.
  static func text(of install: MachineUserInstall) -> String {
    let directory = FilePath(install.to).normalized.description
    let name = directory.split(separator: "/").joined(separator: "-")
    return """
      \(CopyPayload.script(owner: nil))
      mkdir -p /etc/profile.d
      cat > /etc/profile.d/\(Shell.quoted(name)).sh <<'END'
      PATH=\(Shell.quoted(directory + "/bin")):$PATH
      END
      chmod 644 /etc/profile.d/\(Shell.quoted(name)).sh
      line='. /etc/profile.d/\(name).sh'
      if [ -e /etc/bash.bashrc ] && ! grep -qxF "$line" /etc/bash.bashrc; then
        printf '%s\\n' "$line" >> /etc/bash.bashrc
      fi
      """
  }
}
