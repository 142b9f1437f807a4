/// A line on standard error that says how far something is while a person watches it, and nothing to a log.
final class ProgressLine {
    private static let interval = Duration.milliseconds(100)

    private let isWatched: Bool
    private var shownAt: ContinuousClock.Instant?

    /// With `isQuiet` nothing is shown, as where other lines fill the same terminal.
    init(isQuiet: Bool = false) {
        isWatched = Console.isWatched && !isQuiet
    }

    /// Shows a text in the place of the one before, where it is time for it; it is made only then.
    func show(_ text: @autoclosure () -> String) {
        guard isWatched else { return }
        let now = ContinuousClock.now
        guard shownAt.map({ now - $0 >= Self.interval }) ?? true else { return }
        shownAt = now
        Console.overwrite(text())
    }

    /// Writes a line of its own.
    func note(_ line: String) {
        clear()
        Console.note(line)
    }

    /// Takes the line off the screen.
    func clear() {
        if isWatched, shownAt != nil { Console.overwrite("") }
        shownAt = nil
    }
}
