import HostSystem
import ImageModel
import ReleasePlanning

/// The right to publish on another machine: the directory `.coppice/publishing` there, made by a shell that lives as long as
/// our connection and takes it away at the end, also when we are killed.
///
/// While we live we send a line each half minute, which the shell notes in the time of `owner`. A lock is left over, and
/// taken away, when it is the publisher's own (who publishes once at a time) or was not touched for ten minutes. Who
/// publishes on that machine itself is kept away too, where it has `flock`.
final class RemoteHold: DestinationHold {
  /// What the lock is known by; nil when we have given it back.
  var token: String? { isReleased.withLock { $0 ? nil : name } }
  private let name: String
  private let isReleased = Locked(false)
  private let shell: RemoteShell
  private let lines: Channel<Void>
  private let beat: Task<Void, Never>

  private static let patience = 600

  /// - Throws: `Failure` when another publishes, `CancellationError`.
  init(shell: RemoteShell, publisher: String) async throws {
    var random = SystemRandomNumberGenerator()
    name = String(random.next(), radix: 36)
    self.shell = shell
    let (answers, continuation) = AsyncStream.makeStream(of: Result<Substring, any Error>.self)
    let (script, lines) = (Self.script(publisher, name), Channel<Void>())
    self.lines = lines
    let socket = shell.newSocket()
    // It ends when `lines` does; nobody need wait for that.
    Task {
      do {
        try await shell.converse(script, socket: socket, input: lines) { line in
          if let answer = line.after("publishing ") { continuation.yield(.success(answer)) }
        }
      } catch {
        continuation.yield(.failure(error))
      }
      continuation.finish()
    }
    beat = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(30))
        lines.send(())
      }
    }
    var first: Result<Substring, any Error>?
    for await answer in answers {
      first = answer
      break
    }
    do {
      try Task.checkCancellation()
      let answer = try first?.get()
      guard answer == "held" else {
        let who = answer.map { $0.isEmpty ? "" : " (\($0.prefix(200)))" } ?? ""
        throw Failure(
          "somebody else publishes at \(shell.place) at the moment\(who)", help: "try again when that has ended")
      }
    } catch {
      release()
      throw error
    }
    // What we do while we have the right goes through the same connection.
    shell.share(socket)
  }

  func release() {
    isReleased.withLock { $0 = true }
    shell.share(nil)
    beat.cancel()
    lines.close()
  }

  deinit { release() }

  private static func script(_ publisher: String, _ token: String) -> String {
    """
    mkdir -p -- "$root"
    cd -- "$root"
    mkdir -p .coppice
    me=\(ShellText.word(publisher))
    lock=.coppice/publishing
    if command -v flock >/dev/null 2>&1; then
      exec 9>>.coppice/lock
      tries=0
      until flock -n 9; do
        tries=$((tries + 1))
        if [ $tries -ge 6 ]; then echo "publishing $(sed -n 1p $lock/owner 2>/dev/null)"; exit 0; fi
        sleep 0.5
      done
    fi
    until mkdir $lock 2>/dev/null; do
      if [ ! -d $lock ]; then mkdir $lock; break; fi
      who=$(sed -n 1p $lock/owner 2>/dev/null || :)
      touched=$(stat -c %Y $lock/owner 2>/dev/null || stat -c %Y $lock 2>/dev/null || echo 0)
      if [ "$who" != "$me" ] && [ $(($(date +%s) - touched)) -le \(patience) ]; then
        echo "publishing $who"; exit 0
      fi
      if mv -T $lock $lock.\(token) 2>/dev/null; then rm -rf $lock.\(token); fi
    done
    printf '%s\\n' "$me" \(token) >$lock/owner
    # What killed runs have left.
    if [ -d .coppice/incoming ]; then find .coppice/incoming/ -type f -mtime +7 -exec rm -f {} +; fi
    echo 'publishing held'
    while read -r line; do touch -c $lock/owner; done
    if [ "$(sed -n 2p $lock/owner 2>/dev/null)" = \(token) ]; then rm -rf $lock; fi
    """
  }
}

extension String {
  /// What follows a prefix.
  fileprivate func after(_ prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
