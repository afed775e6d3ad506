using System.Net.Http;
using System.Net.Sockets;

namespace OrleansJobGrid.Connectors.Failures;

/// <summary>
/// What is known of a failure, before anyone says what it means. Only the message is needed; what is absent is not known. A connector
/// that knows what it means says so in <see cref="KnownClass"/>, <see cref="KnownType"/> and <see cref="KnownReason"/>, and that holds.
/// </summary>
public sealed record FailureEvidence
{
    /// <summary>For a person, and for the rules: what the service said, as it said it.</summary>
    public required string Message { get; init; }

    /// <summary>Status of the service's HTTP answer, 100 to 599.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>Full name of the exception's type, of .NET or of the service's language (<c>torch.OutOfMemoryError</c>).</summary>
    public string? ExceptionType { get; init; }

    /// <summary>Where it was thrown.</summary>
    public string? Stack { get; init; }

    /// <summary>What the attempt was at: <c>prepare</c>, <c>submit</c>, <c>run</c>, <c>fetch</c>, or the connector's own word.</summary>
    public string? Stage { get; init; }

    /// <summary>How long the service asks to be left alone; see <see cref="RetryAfterHeader"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// The error's name as the service or the platform gives it, such as <c>value_not_in_list</c>, <c>insufficient_quota</c> or
    /// <c>ConnectionRefused</c>; several are parted by blanks.
    /// </summary>
    public string? ServiceErrorType { get; init; }

    /// <summary>The service instance that it failed at.</summary>
    public string? Instance { get; init; }

    /// <summary>The class, where the connector knows it.</summary>
    public FailureClass? KnownClass { get; init; }

    /// <summary>The type, where the connector knows it: one of <see cref="FailureType"/>.</summary>
    public string? KnownType { get; init; }

    /// <summary>The reason, where the connector knows it: one of <see cref="FailureReason"/>, or a more exact word of its own.</summary>
    public string? KnownReason { get; init; }

    /// <summary>Memory of the device in use then, MB.</summary>
    public long? GpuMemoryUsedMb { get; init; }

    /// <summary>Memory of the device in all, MB.</summary>
    public long? GpuMemoryTotalMb { get; init; }

    /// <summary>Memory in use then on the machine that did the work, MB; absent: the worker's machine is read.</summary>
    public long? SystemMemoryUsedMb { get; init; }

    /// <summary>Memory in all of the machine that did the work, MB.</summary>
    public long? SystemMemoryTotalMb { get; init; }

    /// <summary>The model that was loaded.</summary>
    public string? ModelLoaded { get; init; }

    /// <summary>Estimated size of the job, MB of memory.</summary>
    public long? EstimatedSizeMb { get; init; }

    /// <summary>The last lines that the service wrote, where the worker sees them: at most 200, and 16 KB.</summary>
    public string? ServiceLog { get; init; }

    /// <summary>Models and nodes that the instance does not have, by the names that the job gave them; empty: not known, or nothing is missing.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>What else the connector knows, by name.</summary>
    public IReadOnlyDictionary<string, string> Hints { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What an exception tells: its type, message and stack with those of the exceptions inside it, the HTTP status that it carries,
    /// and the platform's names of faults of the network.
    /// </summary>
    /// <param name="exception">The exception.</param>
    /// <param name="stage">See <see cref="Stage"/>.</param>
    public static FailureEvidence Of(Exception exception, string? stage = null)
    {
        ArgumentNullException.ThrowIfNull(exception);
        List<string> messages = [], faults = [];
        int? status = null;
        for (var at = exception; at is not null; at = at.InnerException)
        {
            messages.Add($"{at.GetType().Name}: {at.Message}");
            switch (at)
            {
                case HttpRequestException http:
                    status ??= (int?)http.StatusCode;
                    faults.Add(http.HttpRequestError.ToString());
                    break;
                case HttpIOException http:
                    faults.Add(http.HttpRequestError.ToString());
                    break;
                case SocketException socket:
                    faults.Add(socket.SocketErrorCode.ToString());
                    break;
            }
        }

        return new()
        {
            Message = string.Join(" ---> ", messages),
            ExceptionType = exception.GetType().FullName,
            Stack = exception.StackTrace,
            Stage = stage,
            HttpStatus = status,
            ServiceErrorType = faults.Count == 0 ? null : string.Join(' ', faults.Distinct()),
        };
    }

    /// <summary>What an HTTP answer tells: its status, what its body says (<see cref="ServiceErrorBody"/>) and for how long it wants to be left alone.</summary>
    /// <param name="status">The status.</param>
    /// <param name="body">The body as text.</param>
    /// <param name="retryAfter">The header <c>Retry-After</c>, if there is one.</param>
    /// <param name="now">The time, which dates are compared with.</param>
    /// <param name="stage">See <see cref="Stage"/>.</param>
    public static FailureEvidence OfHttp(int status, string body, string? retryAfter, DateTimeOffset now, string? stage = null)
    {
        var said = ServiceErrorBody.Read(body);
        return new()
        {
            Message = said.Message.Length == 0 ? $"The service answered {status}." : said.Message,
            HttpStatus = status,
            ExceptionType = said.ExceptionType,
            ServiceErrorType = said.ErrorType,
            Stage = stage,
            RetryAfter = RetryAfterHeader.Read(retryAfter, now) ?? RetryAfterHeader.ReadFromMessage(said.Message),
        };
    }
}
