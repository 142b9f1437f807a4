internal import Glibc

/// Writes unbuffered lines to standard output and standard error.
///
/// Results go to standard output, for pipes and scripts; messages and progress go to standard error.
enum Console {
    static func output(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    static func note(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Replaces the current line of standard error, without ending it; an empty text clears it.
    static func overwrite(_ text: String) {
        // `ESC [ K` clears the rest of a longer previous text.
        write("\r\(text)\u{1B}[K", to: STDERR_FILENO)
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

    private static func write(_ text: String, to stream: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[done...])
                let count = Glibc.write(stream, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                // The terminal or pipe is closed: there is no reader to report to.
                guard count > 0 else { return }
                done += count
            }
        }
    }
}
