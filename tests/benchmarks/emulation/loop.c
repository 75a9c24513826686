/* Calls an hls4ml top function for every event, without Python, on one thread or several that share the events.
   hls4ml's C++ keeps state in static variables: every thread needs a copy of the library, and has its own function. */

#include <pthread.h>
#include <stdlib.h>

typedef void (*top_function)(float *, float *);

typedef struct {
    pthread_t thread;
    top_function top;
    float *in, *out;
    long events, n_in, n_out;
} share;

static void *run(void *given) {
    share *s = given;
    for (long event = 0; event < s->events; event++)
        s->top(s->in + event * s->n_in, s->out + event * s->n_out);
    return NULL;
}

/* Returns the number of threads that could not be started. */
int loop(top_function *tops, float *in, float *out, long events, long n_in, long n_out, int threads) {
    share *shares = malloc(threads * sizeof(share));
    int started = 0;
    for (int k = 0; k < threads; k++) {
        long first = events * k / threads, last = events * (k + 1) / threads;
        shares[k] = (share){0, tops[k], in + first * n_in, out + first * n_out, last - first, n_in, n_out};
    }
    while (started < threads && !pthread_create(&shares[started].thread, NULL, run, &shares[started]))
        started++;
    for (int k = 0; k < started; k++)
        pthread_join(shares[k].thread, NULL);
    free(shares);
    return threads - started;
}
