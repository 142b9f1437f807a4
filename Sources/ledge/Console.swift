internal import Glibc

/// The two streams of the terminal, written without a buffer.
///
/// Results go to standard output, one meaning a line, for pipes and scripts. What a person watches meanwhile goes to
/// standard error.
enum Console {
    static func output(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    static func note(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Writes to standard error over what the last call wrote, without ending the line; empty text clears it.
    static func overwrite(_ text: String) {
        // `ESC [ K` clears what a longer line before it left.
        write("\r\(text)\u{1B}[K", to: STDERR_FILENO)
    }

    /// Whether a person watches standard error.
    static var isWatched: Bool {
        isatty(STDERR_FILENO) == 1
    }

    /// Columns of the terminal on standard error, 80 where it does not say.
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
                // A closed terminal or pipe has no reader left to tell.
                guard count > 0 else { return }
                done += count
            }
        }
    }
}
