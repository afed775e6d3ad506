using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// Obeys the grid's order to drain a worker that stays: it claims no more, its jobs end or are handed on when their time is over, and it
/// claims again once the order is withdrawn.
/// </summary>
internal sealed class OrderedDrain(string workerId, QueueClaimer claimer, HeldAttempts held, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly Lock _lock = new();
    private DrainOrder? _order;
    private ITimer? _budget;
    private bool _budgetOver;

    /// <summary>Whether an order stands.</summary>
    public bool IsActive
    {
        get
        {
            lock (_lock)
                return _order is not null;
        }
    }

    /// <summary>Whether an order stands whose time for jobs is over.</summary>
    public bool IsBudgetOver
    {
        get
        {
            lock (_lock)
                return _order is not null && _budgetOver;
        }
    }

    /// <summary>Hears the order of a heartbeat's answer; null: there is none. The same order again changes nothing.</summary>
    public void Hear(DrainOrder? order)
    {
        lock (_lock)
        {
            if (order?.Id == _order?.Id)
                return;
            _budget?.Dispose();
            (var before, _order, _budget, _budgetOver) = (_order, order, null, false);
            if (order is null)
            {
                logger.DrainWithdrawn(workerId, before!.Id);
                claimer.Resume();
                return;
            }

            logger.DrainOrdered(workerId, order.Id, order.Reason, held.Count);
            // Set before the waits end, so that no slot begins another.
            _ = EndClaims(claimer.Pause());
            if (order.BudgetMs is { } ms)
                _budget = time.CreateTimer(_ => EndBudget(order), null, TimeSpan.FromMilliseconds(Math.Clamp(ms, 0, int.MaxValue)), Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _budget?.Dispose();
    }

    private async Task EndClaims(Task pause)
    {
        try
        {
            await pause;
        }
        catch (Exception e)
        {
            logger.ClaimFailed(workerId, e);
        }
    }

    private void EndBudget(DrainOrder order)
    {
        lock (_lock)
        {
            if (_order?.Id != order.Id)
                return;
            _budgetOver = true;
        }

        logger.DrainBudgetOver(workerId, order.Id, held.Count);
        held.Drain();
    }
}
