// SPDX-License-Identifier: MIT OR GPL-2.0
/* A process 1 that starts its services from a table with an empty place. */
#include <stdio.h>
#include <string.h>

static const char *volatile services[] = { "network", "syslog", NULL, "login" };

int main(void)
{
	for (unsigned i = 0; i < sizeof services / sizeof *services; i++)
		printf("supervisor: starting %zu bytes of %s\n", strlen(services[i]), services[i]);
	return 0;
}
