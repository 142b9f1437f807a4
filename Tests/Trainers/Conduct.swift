/// How a participant behaves when it is asked to train.
package enum Conduct: Sendable, Hashable {
    case diligent
    /// Its training code raises: the task ends `FAILED`.
    case failing
    /// Reports `COMPLETED` and sends nothing, as a client without training code does.
    case silent
    /// Sends an update of another network.
    case misshapen
    /// Sends bytes that are no model.
    case garbled
    /// Does not say on how many examples it has trained.
    case countless
    /// Names an upload that does not exist.
    case lost
    /// Takes the task and is never heard of again.
    case vanishing
    /// Trains, and holds its update back until ``Trainers/release()``.
    case slow
    /// Reports everything twice.
    case repeating
}
