internal import Glibc
internal import Inspection

/// Writes unbuffered lines to standard output and standard error, with characters that a terminal obeys escaped.
///
/// Results go to standard output, for pipes and scripts; messages and progress go to standard error.
enum Console {
    /// Prevents that output ends or damages a command: a closed pipe is an error of the write, not a signal, and files
    /// are never opened with the descriptor of a standard stream that the caller has closed.
    static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        // Opened for the wrong direction, so that using such a stream is still an error.
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", mode) }
    }

    /// Writes a line of the result of a command; if it cannot be written, the command ends and has failed.
    static func output(_ line: String) {
        do throws(OutputFailure) { try write(line, to: STDOUT_FILENO) } catch { Ledge.end(with: error) }
    }

    /// Writes a line to standard output that is not the result of the command; if it cannot be written, it is lost.
    static func inform(_ line: String) {
        // What the command stores does not depend on whether the line is read.
        do throws(OutputFailure) { try write(line, to: STDOUT_FILENO) } catch {}
    }

    /// Writes a message; if it cannot be written, it is lost.
    static func note(_ line: String) {
        // The terminal or pipe is closed: there is no reader to report to.
        do throws(OutputFailure) { try write(line, to: STDERR_FILENO) } catch {}
    }

    /// Replaces the current line of standard error, without ending it; an empty text clears it.
    static func overwrite(_ text: String) {
        // `ESC [ K` clears the rest of a longer previous text.
        let bytes = Array("\r\(text.escapedForTerminal)\u{1B}[K".utf8)
        do throws(OutputFailure) { try write(bytes, to: STDERR_FILENO) } catch {}
    }

    /// Whether standard error is a terminal.
    static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1
    }

    /// The number of columns of the terminal on standard error; 80 if it is unknown.
    static var columnCount: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes bytes unchanged.
    static func write(_ bytes: [UInt8], to stream: Int32) throws(OutputFailure) {
        let code = bytes.withUnsafeBytes { bytes -> Int32 in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(stream, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 {
                    guard errno == EINTR else { return errno }
                    continue
                }
                rest = rest.dropFirst(count)
            }
            return 0
        }
        guard code == 0 else { throw OutputFailure(code: code) }
    }

    private static func write(_ line: String, to stream: Int32) throws(OutputFailure) {
        try write(Array((line.escapedForTerminal + "\n").utf8), to: stream)
    }
}

/// Standard output that cannot be written.
struct OutputFailure: Error, CustomStringConvertible {
    let code: Int32

    var description: String { "standard output: \(String(cString: strerror(code)))" }

    /// The exit status of a command whose reader has ended, as if SIGPIPE had ended it; nil for other failures.
    ///
    /// In `ledge export … | head` that is not worth a message.
    var quietStatus: Int32? { code == EPIPE ? 128 + SIGPIPE : nil }
}
